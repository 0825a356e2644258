#include <string>

#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

// Two ready instances of one service, one of them with IPv6 and a tag.
void register_web() {
  register_instance(R"("service":"web","id":"i-1","address":"192.0.2.101","port":8080,"weight":5)");
  register_instance(
      R"("service":"web","id":"i-2","addresses":["192.0.2.102","2001:db8::102"],"port":8081,"tags":["blue"])");
}

TEST_CASE("RFC 1034 §4.3.2: a service has the addresses of its instances", "[roll]") {
  register_web();
  const Message reply = ask({"web.c.test."});
  CHECK(shape(reply) == "NOERROR AA 2/0/0");
  CHECK(sorted(answers(reply)) == Lines{"web.c.test. 1 IN A 192.0.2.101", "web.c.test. 1 IN A 192.0.2.102"});
  CHECK(answers(ask({"web.c.test.", Type::aaaa})) == Lines{"web.c.test. 1 IN AAAA 2001:db8::102"});
}

TEST_CASE("RFC 2782: a service has an SRV for each instance, whose target has its addresses", "[roll]") {
  register_web();
  for (const std::string asked : {"web.c.test.", "_web._tcp.c.test."}) {
    const Message reply = ask({asked, Type::srv});
    CHECK(shape(reply) == "NOERROR AA 2/0/3");
    CHECK(sorted(answers(reply)) ==
          Lines{asked + " 1 IN SRV 1 1 8081 i-2.web.c.test.", asked + " 1 IN SRV 1 5 8080 i-1.web.c.test."});
    CHECK(sorted(additionals(reply)) == Lines{"i-1.web.c.test. 1 IN A 192.0.2.101",
                                              "i-2.web.c.test. 1 IN A 192.0.2.102",
                                              "i-2.web.c.test. 1 IN AAAA 2001:db8::102"});
  }
}

TEST_CASE("RFC 1034 §4.3.2: an instance has addresses, SRV and TXT of its own", "[roll]") {
  register_web();
  CHECK(answers(ask({"i-2.web.c.test."})) == Lines{"i-2.web.c.test. 1 IN A 192.0.2.102"});
  CHECK(answers(ask({"i-2.web.c.test.", Type::aaaa})) == Lines{"i-2.web.c.test. 1 IN AAAA 2001:db8::102"});
  for (const std::string asked : {"i-2.web.c.test.", "i-2._web._tcp.c.test."}) {
    const Message reply = ask({asked, Type::srv});
    CHECK(shape(reply) == "NOERROR AA 1/0/2");
    CHECK(answers(reply) == Lines{asked + " 1 IN SRV 1 1 8081 i-2.web.c.test."});
  }
}

TEST_CASE("RFC 1034 §4.3.2: a tag has the instances that carry it", "[roll]") {
  register_web();
  CHECK(answers(ask({"blue.web.c.test."})) == Lines{"blue.web.c.test. 1 IN A 192.0.2.102"});
  CHECK(answers(ask({"blue.web.c.test.", Type::srv})) == Lines{"blue.web.c.test. 1 IN SRV 1 1 8081 i-2.web.c.test."});
}

TEST_CASE("RFC 6763 §6.1: an instance without metadata has a TXT of one empty string", "[roll]") {
  register_web();
  for (const auto* asked : {"i-1.web.c.test.", "i-1._web._tcp.c.test."}) {
    CHECK(ask({asked, Type::txt}).answer().at(0).rdata == Octets{0});
  }
  register_instance(
      R"("service":"web","id":"i-3","address":"192.0.2.103","port":1,"meta":{"version":"7","az":"eu 1"})");
  CHECK(answers(ask({"i-3.web.c.test.", Type::txt})) == Lines{R"(i-3.web.c.test. 1 IN TXT "version=7" "az=eu 1")"});
  deregister("web", "i-3");
}

TEST_CASE("RFC 1034 §4.3.2 step 3a: an alias in the zone file may lead to a service", "[roll]") {
  register_instance(R"("service":"aliased","id":"i-1","address":"192.0.2.104","port":80)");
  CHECK(answers(ask({"alias-roll.c.test."})) ==
        Lines{"alias-roll.c.test. 60 IN CNAME aliased.c.test.", "aliased.c.test. 1 IN A 192.0.2.104"});
}

TEST_CASE("RFC 8482 §4.1: ANY for a service gets one RRset", "[roll]") {
  register_web();
  for (const auto* asked : {"web.c.test.", "_web._tcp.c.test.", "i-2.web.c.test."}) {
    const Message reply = ask({asked, Type::any});
    CHECK(head(reply) == "NOERROR AA");
    REQUIRE_FALSE(reply.answer().empty());
    for (const Record& found : reply.answer()) CHECK(found.type == reply.answer().front().type);
  }
}

}  // namespace
}  // namespace rollcall::conformance
