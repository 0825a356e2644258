#include <algorithm>

#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

// Whether the RDATA holds the name as it is, with no pointer in it.
bool ends_with_name(const Record& record, std::string_view presentation) {
  const Octets wire = name(presentation);
  return record.rdata.size() >= wire.size() && std::equal(wire.rbegin(), wire.rend(), record.rdata.rbegin());
}

TEST_CASE("RFC 2782: the target of SRV is not compressed") {
  const Message reply = ask({"_sip._tcp.svc.c.test.", Type::srv, k_class_in, 0, 1232});
  REQUIRE(reply.answer().size() == 4);
  for (const Record& srv : reply.answer()) {
    CHECK((ends_with_name(srv, "host1.svc.c.test.") || ends_with_name(srv, "host2.svc.c.test.") ||
           ends_with_name(srv, "sip.example.net.")));
  }
}

TEST_CASE("RFC 6672 §2.5: the target of DNAME is not compressed") {
  const Message reply = ask({"moved.c.test.", Type::dname});
  REQUIRE(reply.answer().size() == 1);
  CHECK(ends_with_name(reply.answer().front(), "moved-to.c.test."));
}

TEST_CASE("RFC 9460 §2.2: the target of HTTPS is not compressed") {
  const Message reply = ask({"https-alias.c.test.", Type::https});
  REQUIRE(reply.answer().size() == 1);
  CHECK(ends_with_name(reply.answer().front(), "host2.svc.c.test."));
}

TEST_CASE("RFC 3597 §4: targets of the types of RFC 1035 are compressed") {
  CHECK(ask({"alias1.c.test.", Type::cname}).answer().front().rdata.size() == 9);  // "alias2" and a pointer
  CHECK(ask({"c.test.", Type::mx}).answer().front().rdata.size() == 9);            // preference, "mail" and a pointer
  CHECK(ask({"c.test.", Type::soa}).answer().front().rdata.size() == 6 + 13 + 20);
}

}  // namespace
}  // namespace rollcall::conformance
