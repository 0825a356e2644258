#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 9460 §2.2: parameters come in the order of their keys") {
  const Message reply = ask({"https.c.test.", Type::https});
  REQUIRE(reply.answer().size() == 1);
  Octets expected{0, 1};
  const Octets target = name("host1.svc.c.test.");
  expected.insert(expected.end(), target.begin(), target.end());
  const Octets parameters{0, 1, 0, 6, 2, 'h', '2', 2, 'h', '3', 0, 3, 0, 2, 0x20, 0xfb};
  expected.insert(expected.end(), parameters.begin(), parameters.end());
  CHECK(reply.answer().front().rdata == expected);
}

TEST_CASE("RFC 9460 §4.1: the addresses of the target come with it") {
  CHECK(sorted(additionals(ask({"https.c.test.", Type::https}))) ==
        Lines{"host1.svc.c.test. 60 IN A 192.0.2.20", "host1.svc.c.test. 60 IN AAAA 2001:db8::20"});
  CHECK(additionals(ask({"https-alias.c.test.", Type::https})) == Lines{"host2.svc.c.test. 60 IN A 192.0.2.21"});
}

TEST_CASE("RFC 9460 §2.5.2: a target that is the root means the owner, whose addresses come with it") {
  CHECK(additionals(ask({"https-self.c.test.", Type::https})) == Lines{"https-self.c.test. 60 IN A 192.0.2.22"});
}

TEST_CASE("RFC 9460 §4.1: what a target has of the type asked for comes along") {
  CHECK(additionals(ask({"https-chain.c.test.", Type::https})) ==
        Lines{"https.c.test. 60 IN HTTPS 1 host1.svc.c.test. alpn=h2,h3 port=8443"});
}

TEST_CASE("RFC 9460 §4.1: the addresses a wildcard makes at a target come with it, under the target's name") {
  CHECK(additionals(ask({"https-wild.c.test.", Type::https})) == Lines{"some.wild.c.test. 60 IN A 192.0.2.10"});
}

TEST_CASE("RFC 1034 §4.3.2: the additional addresses of a target may be made by a wildcard") {
  CHECK(additionals(ask({"mx-wild.c.test.", Type::mx})) == Lines{"some.wild.c.test. 60 IN A 192.0.2.10"});
}

}  // namespace
}  // namespace rollcall::conformance
