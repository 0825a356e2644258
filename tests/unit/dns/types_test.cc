#include "dns/types.h"

#include "catch.h"

namespace rollcall::dns {
namespace {

TEST_CASE("an RCODE is called by its name, and by its number when it has none here") {
  CHECK(rcode_text(Rcode::noerror) == "NOERROR");
  CHECK(rcode_text(Rcode::nxdomain) == "NXDOMAIN");
  CHECK(rcode_text(Rcode::badcookie) == "BADCOOKIE");
  CHECK(rcode_text(static_cast<Rcode>(11)) == "RCODE11");
}

}  // namespace
}  // namespace rollcall::dns
