#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

void check_referral(const Message& reply) {
  CHECK(shape(reply) == "NOERROR 0/2/3");
  CHECK(sorted(authorities(reply)) ==
        Lines{"child.c.test. 60 IN NS ns.child.c.test.", "child.c.test. 60 IN NS ns.sibling.c.test."});
  CHECK(sorted(additionals(reply)) == Lines{"ns.child.c.test. 60 IN A 198.51.100.1",
                                            "ns.child.c.test. 60 IN AAAA 2001:db8:1::1",
                                            "ns.sibling.c.test. 60 IN A 198.51.100.2"});
}

TEST_CASE("RFC 1034 §4.3.2 step 3b: at a delegation and below it, everything is referred, with AA clear") {
  check_referral(ask({"child.c.test."}));
  check_referral(ask({"host.child.c.test."}));
  check_referral(ask({"a.long.way.below.child.c.test.", Type::txt}));
  check_referral(ask({"child.c.test.", Type::ns}));
  check_referral(ask({"child.c.test.", Type::soa}));
  check_referral(ask({"child.c.test.", Type::any}));
}

TEST_CASE("RFC 1034 §4.2.1: glue is not data of ours") { check_referral(ask({"ns.child.c.test."})); }

}  // namespace
}  // namespace rollcall::conformance
