#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 2181 §9: additional records that do not fit are left out whole, and are no reason for TC") {
  const Message reply = ask({"mx8.c.test.", Type::mx});
  CHECK(head(reply) == "NOERROR AA");
  CHECK(reply.answer().size() == 8);
  // Three addresses each: a set is there with all of them, or not at all.
  CHECK(reply.additional().size() % 3 == 0);
  CHECK(reply.additional().size() < 24);
  CHECK(ask({"mx8.c.test.", Type::mx}, Over::tcp).additional().size() == 24);
}

TEST_CASE("RFC 2181 §9: an answer that does not fit has TC, and whole records, always the same") {
  const Message first = ask({"a90.c.test."});
  CHECK(head(first) == "NOERROR AA TC");
  CHECK(first.answer().size() == 30);
  for (int i = 0; i < 5; ++i) CHECK(answers(ask({"a90.c.test."})) == answers(first));
  const Message srv = ask({"srv60.c.test.", Type::srv});
  CHECK(head(srv) == "NOERROR AA TC");
  CHECK_FALSE(srv.answer().empty());
}

}  // namespace
}  // namespace rollcall::conformance
