#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 2181 §11: any octet may stand in a label") {
  CHECK(answers(ask({"octets\\000\\255.c.test."})) == Lines{"octets\\000\\255.c.test. 60 IN A 192.0.2.6"});
  for (const auto* asked : {"w\\000w.c.test.", "w\\032w.c.test.", "\\255.c.test.", "w\\.w.c.test."}) {
    check_nxdomain(ask({asked}));
  }
}

TEST_CASE("RFC 2181 §11: a dot inside a label does not divide it") {
  check_refused(ask({"www\\.c.test."}));
  check_nxdomain(ask({"a\\.ent.deep.c.test."}));
}

}  // namespace
}  // namespace rollcall::conformance
