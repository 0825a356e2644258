#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 1034 §4.3.2: the zone's own servers come with their addresses") {
  const Message reply = ask({"c.test.", Type::ns});
  CHECK(shape(reply) == "NOERROR AA 2/0/3");
  CHECK(sorted(answers(reply)) == Lines{"c.test. 60 IN NS ns1.c.test.", "c.test. 60 IN NS ns2.c.test."});
  CHECK(sorted(additionals(reply)) == Lines{"ns1.c.test. 60 IN A 192.0.2.53", "ns1.c.test. 60 IN AAAA 2001:db8::53",
                                            "ns2.c.test. 60 IN A 192.0.2.54"});
}

TEST_CASE("RFC 1034 §4.3.2: an address is answered with nothing beside it") {
  const Message reply = ask({"www.c.test."});
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK(answers(reply) == Lines{"www.c.test. 60 IN A 192.0.2.1"});
  CHECK(answers(ask({"www.c.test.", Type::aaaa})) == Lines{"www.c.test. 60 IN AAAA 2001:db8::1"});
  CHECK(answers(ask({"txt.c.test.", Type::txt})) == Lines{R"(txt.c.test. 60 IN TXT "one" "two")"});
}

TEST_CASE("RFC 1034 §4.3.2: the addresses of a mail server come with its name") {
  CHECK(sorted(additionals(ask({"c.test.", Type::mx}))) ==
        Lines{"mail.c.test. 60 IN A 192.0.2.25", "mail.c.test. 60 IN AAAA 2001:db8::25"});
}

TEST_CASE("RFC 1034 §4.3.2 step 2: what no zone of ours holds is REFUSED") {
  for (const auto* asked : {"example.net.", "www.example.net.", "test.", "xc.test.", "c.test.example."}) {
    check_refused(ask({asked}));
    check_refused(ask({asked, Type::soa, k_class_in, 0, 1232}));
  }
}

TEST_CASE("RFC 1034 §4.3.2 step 2: nobody is referred to the root") {
  check_refused(ask({".", Type::a}));
  check_refused(ask({".", Type::ns}));
}

TEST_CASE("RFC 1034 §4.3.2 step 3a: aliases come in the order they lead, then the data") {
  CHECK(answers(ask({"alias1.c.test."})) ==
        Lines{"alias1.c.test. 60 IN CNAME alias2.c.test.", "alias2.c.test. 60 IN CNAME alias3.c.test.",
              "alias3.c.test. 60 IN CNAME www.c.test.", "www.c.test. 60 IN A 192.0.2.1"});
}

TEST_CASE("RFC 1034 §4.3.2 step 3a: an alias may lead into a wildcard") {
  CHECK(answers(ask({"alias-wild.c.test."})) ==
        Lines{"alias-wild.c.test. 60 IN CNAME some.wild.c.test.", "some.wild.c.test. 60 IN A 192.0.2.10"});
}

TEST_CASE("RFC 1034 §4.3.2 step 3a: an alias out of our zones ends the answer") {
  const Message reply = ask({"alias-out.c.test."});
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK(answers(reply) == Lines{"alias-out.c.test. 60 IN CNAME www.example.net."});
}

TEST_CASE("RFC 1034 §4.3.2 step 3b: an alias to below a delegation comes with the referral") {
  const Message reply = ask({"alias-below.c.test."});
  CHECK(shape(reply) == "NOERROR AA 1/2/3");
  CHECK(sorted(authorities(reply)) ==
        Lines{"child.c.test. 60 IN NS ns.child.c.test.", "child.c.test. 60 IN NS ns.sibling.c.test."});
}

}  // namespace
}  // namespace rollcall::conformance
