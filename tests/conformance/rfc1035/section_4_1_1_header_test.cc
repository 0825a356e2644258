#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 1035 §4.1.1: an answer of ours is authoritative, keeps RD, and offers no recursion") {
  const Message reply = ask({"c.test.", Type::soa, k_class_in, k_rd});
  CHECK(shape(reply) == "NOERROR AA RD 1/0/0");
  CHECK(answers(reply) == Lines{"c.test. 300 IN SOA ns1.c.test. hostmaster.c.test. 1 3600 600 86400 30"});
  CHECK(head(ask({"c.test.", Type::soa})) == "NOERROR AA");
}

TEST_CASE("RFC 1035 §4.1.1: the reserved bit of a query is not answered with one") {
  CHECK(shape(ask({"www.c.test.", Type::a, k_class_in, 0x0040})) == "NOERROR AA 1/0/0");
}

TEST_CASE("RFC 1035 §4.1.1: bits that only answers have mean nothing in a query") {
  for (const std::uint16_t flags : std::initializer_list<std::uint16_t>{0x0200, 0x0400 | 0x0080, 0x0003, 0x0020}) {
    INFO(flags);
    CHECK(shape(ask({"www.c.test.", Type::a, k_class_in, flags})) == "NOERROR AA 1/0/0");
  }
}

TEST_CASE("RFC 1035 §4.1.1: a response is never answered") {
  CHECK(is_met_with_silence(message({.flags = 0x8000}, {question("www.c.test.", Type::a)})));
  CHECK(is_met_with_silence(message({.flags = 0x8400 | opcode_bits(2), .questions = 0}, {})));
}

TEST_CASE("RFC 1035 §4.1.1: what is shorter than a header is never answered") {
  const Octets header = message({.questions = 0}, {});
  for (std::size_t size = 0; size < header.size(); ++size) {
    INFO(size);
    CHECK(is_met_with_silence({header.begin(), header.begin() + static_cast<std::ptrdiff_t>(size)}));
  }
}

TEST_CASE("RFC 1035 §4.1.1: over TCP a response ends the connection") {
  Tcp connection(dns_server());
  connection.send(message({.flags = 0x8000}, {question("www.c.test.", Type::a)}));
  CHECK(connection.is_closed_by_peer());
}

}  // namespace
}  // namespace rollcall::conformance
