#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_expire = 9;
const Octets k_zones_own{0, 0x01, 0x51, 0x80};  // a day, as its SOA says

Message ask_with_expire(std::string_view name, Type type, const Octets& content = {}) {
  return exchange(message({.additionals = 1}, {question(name, type), opt(1232, 0, option(k_expire, content))}));
}

TEST_CASE("RFC 7314 §3.1: who asks for a zone's SOA is told, on request, for how long a copy is good") {
  const Message reply = ask_with_expire("c.test.", Type::soa);
  CHECK(reply.rcode() == 0);
  CHECK(option_of(reply, k_expire) == k_zones_own);
}

TEST_CASE("RFC 7314 §3: a time of the client's own is not wanted, and no error") {
  CHECK(ask_with_expire("c.test.", Type::soa, {0, 0, 0, 1}).rcode() == 0);
}

TEST_CASE("RFC 7314 §3.1: who has not asked is not told") {
  CHECK_FALSE(option_of(ask({"c.test.", Type::soa, k_class_in, 0, 1232}), k_expire));
}

TEST_CASE("RFC 7314 §3.1: other questions than those for the zone's SOA and the zone have no such answer") {
  CHECK_FALSE(option_of(ask_with_expire("www.c.test.", Type::a), k_expire));
  CHECK_FALSE(option_of(ask_with_expire("www.c.test.", Type::soa), k_expire));
  CHECK_FALSE(option_of(ask_with_expire("example.net.", Type::soa), k_expire));
}

TEST_CASE("RFC 7314 §3.1: a transfer tells it too", "[roll]") {
  const Octets asked =
      message({.additionals = 1}, {question("c.test.", Type::axfr), opt(1232, 0, option(k_expire, {}))});
  const Message reply = exchange(asked, Over::tcp);
  CHECK(reply.answer().size() > 100);
  CHECK(option_of(reply, k_expire) == k_zones_own);
}

}  // namespace
}  // namespace rollcall::conformance
