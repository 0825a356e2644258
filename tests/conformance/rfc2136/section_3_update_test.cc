#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_update = opcode_bits(5);

TEST_CASE("RFC 2136 §3.3: an update without permission is REFUSED") {
  const Message reply = exchange(message({.flags = k_update}, {question("c.test.", Type::soa)}));
  CHECK(head(reply) == "REFUSED");
  const Message with_data =
      exchange(message({.flags = k_update, .authorities = 1},
                       {question("c.test.", Type::soa), record(name("x.c.test."), Type::a, 1, 60, {192, 0, 2, 99})}));
  CHECK(head(with_data) == "REFUSED");
  check_nxdomain(ask({"x.c.test."}));
}

TEST_CASE("RFC 2136 §3.1.1: an update of a zone that is not ours is NOTAUTH") {
  CHECK(head(exchange(message({.flags = k_update}, {question("example.net.", Type::soa)}))) == "NOTAUTH");
  CHECK(head(exchange(message({.flags = k_update}, {question("www.c.test.", Type::soa)}))) == "NOTAUTH");
}

TEST_CASE("RFC 2136 §3.1.1: an update without exactly one zone, given as SOA, is FORMERR") {
  const Octets zone = question("c.test.", Type::soa);
  CHECK(head(exchange(message({.flags = k_update, .questions = 0}, {}))) == "FORMERR");
  CHECK(head(exchange(message({.flags = k_update, .questions = 2}, {zone, zone}))) == "FORMERR");
  CHECK(head(exchange(message({.flags = k_update}, {question("c.test.", Type::a)}))) == "FORMERR");
}

}  // namespace
}  // namespace rollcall::conformance
