#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_cd = 0x0010;
constexpr std::uint16_t k_ad = 0x0020;

TEST_CASE("RFC 4035 §3.1.6: an answer has neither AD nor, to a client without DNSSEC, CD") {
  CHECK(shape(ask({"www.c.test.", Type::a, k_class_in, k_cd | k_ad})) == "NOERROR AA 1/0/0");
  CHECK(shape(ask({"www.c.test.", Type::a, k_class_in, k_cd | k_ad, 1232})) == "NOERROR AA 1/0/0");
}

TEST_CASE("RFC 8906 §8.1.3: CD is copied for a client that speaks DNSSEC") {
  const Message reply =
      exchange(message({.flags = k_cd | k_ad, .additionals = 1}, {question("www.c.test.", Type::a), opt(1232, k_do)}));
  CHECK(shape(reply) == "NOERROR AA CD 1/0/0");
}

TEST_CASE("RFC 4035 §3.1.4.1: the DS of a delegation is answered by the side above it") {
  const Message reply = ask({"signed.c.test.", Type::ds});
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK(answers(reply) ==
        Lines{"signed.c.test. 60 IN DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"});
}

TEST_CASE("RFC 4035 §3.1.4.1: a delegation without DS is NODATA for it, with the SOA of the side above") {
  check_nodata(ask({"child.c.test.", Type::ds}));
}

TEST_CASE("RFC 4035 §3.1.4.1: the top of our own zone has no DS here") { check_nodata(ask({"c.test.", Type::ds})); }

TEST_CASE("RFC 4035 §3.1.4.1: the DS of a name below a delegation is the child's business") {
  CHECK(shape(ask({"host.child.c.test.", Type::ds})) == "NOERROR 0/2/3");
}

}  // namespace
}  // namespace rollcall::conformance
