#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 4343 §4.1: case does not matter to what is found, and the question comes back in its own") {
  const Message reply = ask({"wWw.C.tEsT."});
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK(answers(reply) == Lines{"wWw.C.tEsT. 60 IN A 192.0.2.1"});  // the owner is a pointer to the question
  CHECK(head(ask({"NOWHERE.C.TEST."})) == "NXDOMAIN AA");
  CHECK(head(ask({"WWW.SOME.WILD.c.test."})) == "NOERROR AA");
}

TEST_CASE("RFC 4343 §4.2: a name of mixed case in the zone file is found in any") {
  for (const auto* asked : {"mixed.c.test.", "MIXED.c.test.", "mIxEd.c.test."}) {
    CHECK(answers(ask({asked})) == Lines{std::string(asked) + " 60 IN A 192.0.2.5"});
  }
}

TEST_CASE("RFC 4343 §4.2: the case of a name in RDATA is kept as given") {
  const Message reply = ask({"pointer.c.test.", Type::ptr});
  REQUIRE(reply.answer().size() == 1);
  CHECK(answers(reply).front().starts_with("pointer.c.test. 60 IN PTR TaRgEt."));
}

TEST_CASE("RFC 4343 §3: only the letters of ASCII have a case") {
  // U+00D6 and U+00F6 in Latin-1; and '[' and '{', 32 apart like 'A' and 'a'.
  check_nxdomain(ask({"\\214.c.test."}));
  check_nxdomain(ask({"\\246.c.test."}));
  CHECK(head(ask({"octets\\000\\255.c.test."})) == "NOERROR AA");
  check_nxdomain(ask({"octets\\000\\223.c.test."}));
}

}  // namespace
}  // namespace rollcall::conformance
