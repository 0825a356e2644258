#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 9619 §4: a query without a question is FORMERR, and as short as a header") {
  const Message reply = exchange(message({.questions = 0}, {}));
  CHECK(shape(reply) == "FORMERR 0/0/0");
  CHECK(reply.octets.size() == 12);
}

TEST_CASE("RFC 9619 §4: a query without a question and with OPT is FORMERR with OPT") {
  const Message reply = exchange(message({.questions = 0, .additionals = 1}, {opt()}));
  CHECK(shape(reply) == "FORMERR 0/0/0");
  CHECK(reply.question.empty());
  CHECK(reply.opt);
}

TEST_CASE("RFC 9619 §4: a query with two questions is FORMERR, and none comes back") {
  const Octets www = question("www.c.test.", Type::a);
  const Message reply = exchange(message({.questions = 2}, {www, www}));
  CHECK(shape(reply) == "FORMERR 0/0/0");
  CHECK(reply.question.empty());
  CHECK_FALSE(reply.opt);
  CHECK(shape(exchange(message({.questions = 65535}, {www}))) == "FORMERR 0/0/0");
}

TEST_CASE("RFC 6891 §7: two questions and OPT are FORMERR with OPT") {
  const Octets www = question("www.c.test.", Type::a);
  const Message reply = exchange(message({.questions = 2, .additionals = 1}, {www, www, opt()}));
  CHECK(shape(reply) == "FORMERR 0/0/0");
  CHECK(reply.opt);
}

}  // namespace
}  // namespace rollcall::conformance
