#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 8906 §8.1.4: an unknown opcode is NOTIMP, with every flag clear and nothing in it") {
  for (const unsigned opcode : {1U, 2U, 3U, 6U, 7U, 15U}) {
    INFO(opcode);
    for (const std::uint16_t flags : std::initializer_list<std::uint16_t>{0x0000, 0x0570}) {
      const Message reply =
          exchange(message({.flags = static_cast<std::uint16_t>(opcode_bits(opcode) | flags), .questions = 0}, {}));
      CHECK(shape(reply) == "NOTIMP 0/0/0");
      CHECK(reply.octets.size() == 12);
    }
  }
}

TEST_CASE("RFC 3425 §3: an inverse query is NOTIMP, with RD clear") {
  const Message reply = exchange(message({.flags = opcode_bits(1) | k_rd}, {question("www.c.test.", Type::a)}));
  CHECK(shape(reply) == "NOTIMP 0/0/0");
}

TEST_CASE("RFC 6891 §6.1.1: NOTIMP to a query with OPT has one too") {
  const Message reply =
      exchange(message({.flags = opcode_bits(2), .additionals = 1}, {question("c.test.", Type::a), opt(1232, k_do)}));
  CHECK(shape(reply) == "NOTIMP 0/0/0");
  CHECK(reply.opt);
}

}  // namespace
}  // namespace rollcall::conformance
