#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_extended_error = 15;

std::optional<unsigned> error_of(const Message& reply) {
  const std::optional<Octets> content = option_of(reply, k_extended_error);
  if (!content) return std::nullopt;
  REQUIRE(content->size() >= 2);
  return static_cast<unsigned>((*content)[0] << 8 | (*content)[1]);
}

TEST_CASE("RFC 8914 §4.21: outside our zones a refusal says that we are not authoritative") {
  CHECK(error_of(ask({"example.net.", Type::a, k_class_in, 0, 1232})) == 20U);
  CHECK(error_of(ask({".", Type::ns, k_class_in, 0, 1232})) == 20U);
}

TEST_CASE("RFC 9824 §3.5: asking for NXNAME is told to be an invalid type") {
  CHECK(error_of(ask({"www.c.test.", Type::nxname, k_class_in, 0, 1232})) == 30U);
}

TEST_CASE("RFC 8914 §4.19: who may not have the zone is told that it is prohibited", "[roll]") {
  CHECK(error_of(ask({"w.test.", Type::axfr, k_class_in, 0, 1232}, Over::tcp)) == 18U);
}

TEST_CASE("RFC 8914 §2: what went well has no error, and without EDNS nothing has") {
  CHECK_FALSE(error_of(ask({"www.c.test.", Type::a, k_class_in, 0, 1232})));
  CHECK_FALSE(error_of(ask({"nobody.c.test.", Type::a, k_class_in, 0, 1232})));
  CHECK_FALSE(ask({"example.net."}).opt);
}

}  // namespace
}  // namespace rollcall::conformance
