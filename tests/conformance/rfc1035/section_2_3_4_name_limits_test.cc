#include <algorithm>

#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

// A name of exactly `octets` octets with c.test. at its end, in labels of up to 63.
Octets long_name(std::size_t octets, const Octets& end) {
  Octets wire;
  std::size_t left = octets - end.size();
  while (left > 0) {
    // Never leave a single octet: a label has two at least.
    const std::size_t piece = left == 65 ? 63 : std::min<std::size_t>(left, 64);
    wire.push_back(static_cast<std::uint8_t>(piece - 1));
    wire.insert(wire.end(), piece - 1, 'x');
    left -= piece;
  }
  wire.insert(wire.end(), end.begin(), end.end());
  return wire;
}

TEST_CASE("RFC 1035 §2.3.4: a name of 255 octets is a name") {
  const Octets outside = long_name(255, name("example.net."));
  REQUIRE(outside.size() == 255);
  const Message reply = exchange(message({}, {question(outside, Type::a)}));
  check_refused(reply);
  CHECK(reply.question == question(outside, Type::a));
}

TEST_CASE("RFC 1035 §2.3.4: a name of 256 octets is FORMERR") {
  CHECK(shape(exchange(message({}, {question(long_name(256, name("example.net.")), Type::a)}))) == "FORMERR 0/0/0");
  CHECK(shape(exchange(message({}, {question(long_name(256, name("c.test.")), Type::a)}))) == "FORMERR 0/0/0");
  CHECK(shape(exchange(message({}, {question(long_name(400, name("c.test.")), Type::a)}))) == "FORMERR 0/0/0");
}

TEST_CASE("RFC 1035 §3.1: a name of 127 labels is a name, one of 128 is not") {
  Octets labels;
  for (int i = 0; i < 127; ++i) labels.insert(labels.end(), {1, 'x'});
  Octets name_of_127 = labels;
  name_of_127.push_back(0);
  check_refused(exchange(message({}, {question(name_of_127, Type::a)})));
  labels.insert(labels.end(), {1, 'x', 0});
  CHECK(shape(exchange(message({}, {question(labels, Type::a)}))) == "FORMERR 0/0/0");
}

TEST_CASE("RFC 1035 §2.3.4: a name of 255 octets inside the zone is denied with an SOA owned by a pointer into it") {
  const Octets inside = long_name(255, name("c.test."));
  REQUIRE(inside.size() == 255);
  const Message reply = exchange(message({}, {question(inside, Type::a)}));
  check_nxdomain(reply);
  CHECK(reply.octets.size() == 12 + 255 + 4 + 2 + 10 + 39);  // "ns1", "hostmaster" with pointers, five numbers
}

}  // namespace
}  // namespace rollcall::conformance
