#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_keepalive = 11;

Message ask_with_keepalive(const Octets& content, Over over) {
  return exchange(
      message({.additionals = 1}, {question("www.c.test.", Type::a), opt(1232, 0, option(k_keepalive, content))}),
      over);
}

TEST_CASE("RFC 7828 §3.2.1: over UDP the keepalive option means nothing") {
  const Message reply = ask_with_keepalive({}, Over::udp);
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK_FALSE(option_of(reply, k_keepalive));
}

TEST_CASE("RFC 7828 §3.3.2: over TCP the client is told how long it may be idle") {
  const Message reply = ask_with_keepalive({}, Over::tcp);
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  const std::optional<Octets> timeout = option_of(reply, k_keepalive);
  REQUIRE(timeout);
  REQUIRE(timeout->size() == 2);
  CHECK(((*timeout)[0] << 8 | (*timeout)[1]) > 0);
}

TEST_CASE("RFC 7828 §3.2.1: a keepalive option with a time of the client's own is ignored, or malformed") {
  const unsigned rcode = ask_with_keepalive({0, 100}, Over::tcp).rcode();
  CHECK((rcode == 0 || rcode == 1));
}

}  // namespace
}  // namespace rollcall::conformance
