#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

TEST_CASE("RFC 2181 §8: a TTL with its top bit set is zero") {
  const Message reply = ask({"ttl-top.c.test."});
  REQUIRE(reply.answer().size() == 1);
  CHECK(reply.answer().front().ttl == 0);
}

}  // namespace
}  // namespace rollcall::conformance
