#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_padding = 12;

TEST_CASE("RFC 7830 §6: nothing is padded that everybody can read") {
  for (const Over over : {Over::udp, Over::tcp}) {
    for (const std::size_t size : {0U, 20U, 400U}) {
      const Octets asked = opt(1232, 0, option(k_padding, Octets(size)));
      const Message reply = exchange(message({.additionals = 1}, {question("www.c.test.", Type::a), asked}), over);
      CHECK(shape(reply) == "NOERROR AA 1/0/0");
      CHECK_FALSE(option_of(reply, k_padding));
    }
  }
}

TEST_CASE("RFC 7830 §3: padding may be anything") {
  const Octets asked = opt(1232, 0, option(k_padding, Octets(8, 0xff)));
  CHECK(shape(exchange(message({.additionals = 1}, {question("www.c.test.", Type::a), asked}))) == "NOERROR AA 1/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
