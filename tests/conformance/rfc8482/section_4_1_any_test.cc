#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 8482 §4.1: ANY gets one RRset, never everything") {
  for (const auto* asked : {"c.test.", "many.c.test.", "www.c.test."}) {
    INFO(asked);
    const Message reply = ask({asked, Type::any});
    CHECK(head(reply) == "NOERROR AA");
    REQUIRE_FALSE(reply.answer().empty());
    for (const Record& found : reply.answer()) CHECK(found.type == reply.answer().front().type);
    CHECK(reply.answer().front().type != Type::soa);
  }
}

TEST_CASE("RFC 8482 §4.1: ANY for what does not exist is denied as usual") {
  check_nxdomain(ask({"nowhere.c.test.", Type::any}));
  check_nodata(ask({"deep.c.test.", Type::any}));
}

}  // namespace
}  // namespace rollcall::conformance
