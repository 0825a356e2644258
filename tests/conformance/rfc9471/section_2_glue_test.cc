#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 9471 §2: a referral whose glue does not fit has TC") {
  const Message reply = ask({"host.big.c.test."});
  CHECK(head(reply) == "NOERROR TC");
  CHECK(reply.octets.size() <= 512);
}

TEST_CASE("RFC 9471 §2: a referral with room has all of its glue") {
  CHECK(shape(ask({"host.big.c.test.", Type::a, k_class_in, 0, 1232})) == "NOERROR 0/13/26");
  CHECK(shape(ask({"host.big.c.test."}, Over::tcp)) == "NOERROR 0/13/26");
}

TEST_CASE("RFC 9471 §2.2: the addresses of a sibling's server help too") {
  CHECK(sorted(additionals(ask({"x.child.c.test."}))).back() == "ns.sibling.c.test. 60 IN A 198.51.100.2");
}

}  // namespace
}  // namespace rollcall::conformance
