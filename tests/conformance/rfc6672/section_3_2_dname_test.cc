#include <string>

#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 6672 §3.2: a DNAME comes with the CNAME made from it, then the data") {
  CHECK(answers(ask({"www.moved.c.test."})) == Lines{"moved.c.test. 60 IN DNAME moved-to.c.test.",
                                                     "www.moved.c.test. 60 IN CNAME www.moved-to.c.test.",
                                                     "www.moved-to.c.test. 60 IN A 192.0.2.14"});
}

TEST_CASE("RFC 6672 §2.3: the owner of a DNAME is not redirected") {
  CHECK(answers(ask({"moved.c.test."})) == Lines{"moved.c.test. 60 IN A 192.0.2.13"});
  CHECK(answers(ask({"moved.c.test.", Type::dname})) == Lines{"moved.c.test. 60 IN DNAME moved-to.c.test."});
  check_nodata(ask({"moved.c.test.", Type::aaaa}));
}

TEST_CASE("RFC 6672 §3.2: a redirection to where nothing is has the RCODE of its last name") {
  const Message reply = ask({"nobody.moved.c.test."});
  CHECK(shape(reply) == "NXDOMAIN AA 2/1/0");
  CHECK(shape(ask({"www.moved-out.c.test."})) == "NOERROR AA 2/0/0");
}

TEST_CASE("RFC 6672 §2.2: a name that would get too long is YXDOMAIN, with the DNAME") {
  const std::string label(60, 'x');
  const Message reply = ask({label + ".moved-long.c.test."});
  CHECK(head(reply) == "YXDOMAIN AA");
  REQUIRE(reply.answer().size() == 1);
  CHECK(reply.answer().front().type == Type::dname);
}

TEST_CASE("RFC 6672 §2.2: the labels that are kept are kept in their case") {
  CHECK(answers(ask({"wWw.moved.c.test."})).at(1) == "wWw.moved.c.test. 60 IN CNAME wWw.moved-to.c.test.");
}

}  // namespace
}  // namespace rollcall::conformance
