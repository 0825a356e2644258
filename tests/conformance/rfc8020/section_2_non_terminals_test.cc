#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 8020 §2: a name with something below it exists, and is NODATA") {
  for (const auto* asked : {"ent.deep.c.test.", "deep.c.test.", "_tcp.svc.c.test.", "svc.c.test.",
                            "exact2.wild.c.test.", "moved-to.c.test.", "_udp.dir.c.test."}) {
    INFO(asked);
    check_nodata(ask({asked}));
    check_nodata(ask({asked, Type::txt}));
  }
  CHECK(head(ask({"a.ent.deep.c.test."})) == "NOERROR AA");
}

TEST_CASE("RFC 8020 §2: beside an empty non-terminal nothing else exists") {
  check_nxdomain(ask({"b.ent.deep.c.test."}));
  check_nxdomain(ask({"ent2.deep.c.test."}));
}

}  // namespace
}  // namespace rollcall::conformance
