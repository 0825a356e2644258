#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_nsid = 3;

Message ask_name_server_id(const Octets& options, Over over = Over::udp) {
  return exchange(message({.additionals = 1}, {question("www.c.test.", Type::a), opt(1232, 0, options)}), over);
}

TEST_CASE("RFC 5001 §2.1: who asks for the server's name is told it, whatever else the option holds") {
  for (const Over over : {Over::udp, Over::tcp}) {
    const Message plain = ask_name_server_id(option(k_nsid, {}), over);
    CHECK(shape(plain) == "NOERROR AA 1/0/0");
    const std::optional<Octets> name = option_of(plain, k_nsid);
    REQUIRE(name);
    CHECK_FALSE(name->empty());
    CHECK(option_of(ask_name_server_id(option(k_nsid, {1, 2, 3}), over), k_nsid) == name);
  }
}

TEST_CASE("RFC 5001 §2.2: nobody is told who has not asked") {
  CHECK_FALSE(option_of(ask_name_server_id({}), k_nsid));
  CHECK_FALSE(option_of(ask_name_server_id(option(65001, {})), k_nsid));
}

TEST_CASE("RFC 5001 §2.1: a refusal has the server's name too") {
  const Message reply =
      exchange(message({.additionals = 1}, {question("example.net.", Type::a), opt(1232, 0, option(k_nsid, {}))}));
  CHECK(head(reply) == "REFUSED");
  CHECK(option_of(reply, k_nsid));
}

}  // namespace
}  // namespace rollcall::conformance
