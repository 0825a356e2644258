#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 4592 §3.3.1: a wildcard answers in the name that was asked for") {
  const Message reply = ask({"foo.wild.c.test."});
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK(answers(reply) == Lines{"foo.wild.c.test. 60 IN A 192.0.2.10"});
  CHECK(answers(ask({"a.b.c.wild.c.test."})) == Lines{"a.b.c.wild.c.test. 60 IN A 192.0.2.10"});
  CHECK(answers(ask({"foo.wild.c.test.", Type::txt})) == Lines{R"(foo.wild.c.test. 60 IN TXT "synthesised")"});
}

TEST_CASE("RFC 4592 §2.2.1: a wildcard does not reach past a name that exists") {
  CHECK(answers(ask({"exact.wild.c.test."})) == Lines{"exact.wild.c.test. 60 IN A 192.0.2.11"});
  check_nxdomain(ask({"x.exact.wild.c.test."}));
  check_nxdomain(ask({"x.exact2.wild.c.test."}));  // which exists only through b.exact2
  check_nodata(ask({"wild.c.test."}));
}

TEST_CASE("RFC 4592 §2.2.1: a type the wildcard does not have is NODATA") {
  check_nodata(ask({"foo.wild.c.test.", Type::aaaa}));
}

TEST_CASE("RFC 4592 §2.1.1: asked for itself, a wildcard is an ordinary name") {
  CHECK(answers(ask({"*.wild.c.test."})) == Lines{"*.wild.c.test. 60 IN A 192.0.2.10"});
  check_nxdomain(ask({"*.leaf.c.test."}));
}

TEST_CASE("RFC 4592 §2.3: nothing is synthesised below a wildcard's own name") {
  check_nxdomain(ask({"foo.*.wild.c.test."}));
}

TEST_CASE("RFC 4592 §3.4: an alias at a wildcard leads on, or is the answer itself") {
  CHECK(answers(ask({"x.wildcname.c.test."})) ==
        Lines{"x.wildcname.c.test. 60 IN CNAME www.c.test.", "www.c.test. 60 IN A 192.0.2.1"});
  const Message alias = ask({"x.wildcname.c.test.", Type::cname});
  CHECK(shape(alias) == "NOERROR AA 1/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
