#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_client_subnet = 8;

TEST_CASE("RFC 7871 §7.2.1: a server without client subnets ignores them, well formed or not") {
  const Octets good{0, 1, 24, 0, 192, 0, 2};
  const Octets bad_family{0, 9, 24, 0, 192, 0, 2};
  const Octets with_scope{0, 1, 24, 24, 192, 0, 2};
  const Octets too_short{0, 1, 24};
  for (const Octets& content : {good, bad_family, with_scope, too_short}) {
    const Octets asked = opt(1232, 0, option(k_client_subnet, content));
    const Message reply = exchange(message({.additionals = 1}, {question("www.c.test.", Type::a), asked}));
    CHECK(shape(reply) == "NOERROR AA 1/0/0");
    REQUIRE(reply.opt);
    CHECK_FALSE(option_of(reply, k_client_subnet));
  }
}

TEST_CASE("RFC 9567, RFC 9660: what may be asked beside the question, and is not served, changes nothing") {
  constexpr std::uint16_t k_report_channel = 18;
  constexpr std::uint16_t k_zone_version = 19;
  for (const std::uint16_t code : {k_report_channel, k_zone_version}) {
    INFO(code);
    const Octets asked = opt(1232, 0, option(code, {}));
    const Message reply = exchange(message({.additionals = 1}, {question("c.test.", Type::soa), asked}));
    CHECK(reply.rcode() == 0);
    CHECK(reply.answer().size() == 1);
  }
}

}  // namespace
}  // namespace rollcall::conformance
