#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

void register_cache() {
  register_instance(R"("service":"cache","id":"i-1","address":"192.0.2.105","port":11211,"tags":["hot"])");
}

TEST_CASE("RFC 2308 §2.2: a service without the type asked for is NODATA", "[roll]") {
  register_cache();
  for (const auto* asked : {"cache.c.test.", "hot.cache.c.test.", "i-1.cache.c.test."}) {
    check_nodata(ask({asked, Type::aaaa}));
    check_nodata(ask({asked, Type::mx}));
    check_nodata(ask({asked, static_cast<Type>(65535)}));
  }
  for (const auto* asked : {"_cache._tcp.c.test.", "i-1._cache._tcp.c.test."}) {
    check_nodata(ask({asked}));
    check_nodata(ask({asked, Type::aaaa}));
  }
}

TEST_CASE("RFC 2308 §2.1: names nobody has registered are NXDOMAIN", "[roll]") {
  register_cache();
  for (const auto* asked : {"i-9.cache.c.test.", "cold.cache.c.test.", "x.i-1.cache.c.test.", "_cache._udp.c.test.",
                            "i-1._cache._udp.c.test.", "i-9._cache._tcp.c.test.", "_x.cache.c.test.",
                            "never-registered.c.test.", "_never-registered._tcp.c.test.", "cache._tcp.c.test."}) {
    INFO(asked);
    check_nxdomain(ask({asked}));
    check_nxdomain(ask({asked, Type::srv}));
  }
}

TEST_CASE("RFC 4592 §2.2.2: a service that has lost its last instance is NODATA", "[roll]") {
  register_instance(R"("service":"emptied","id":"i-1","address":"192.0.2.106","port":80)");
  CHECK(head(ask({"emptied.c.test."})) == "NOERROR AA");
  deregister("emptied", "i-1");
  check_nodata(ask({"emptied.c.test."}));
  check_nodata(ask({"emptied.c.test.", Type::aaaa}));
  check_nodata(ask({"emptied.c.test.", Type::srv}));
  check_nodata(ask({"_emptied._tcp.c.test.", Type::srv}));
  check_nxdomain(ask({"i-1.emptied.c.test."}));
}

TEST_CASE("RFC 8020 §2: the protocol's label exists as soon as a service has been seen with it", "[roll]") {
  register_cache();
  check_nodata(ask({"_tcp.c.test."}));
  check_nodata(ask({"_tcp.c.test.", Type::txt}));
}

TEST_CASE("RFC 1034 §4.3.2: records of the zone file at the protocol's label are not hidden by services", "[roll]") {
  register_instance(R"("service":"syslog","id":"i-1","address":"192.0.2.107","port":514,"protocol":"udp")");
  CHECK(answers(ask({"_udp.c.test.", Type::txt})) == Lines{R"(_udp.c.test. 60 IN TXT "beside the services")"});
  check_nodata(ask({"_udp.c.test."}));
  CHECK(head(ask({"_syslog._udp.c.test.", Type::srv})) == "NOERROR AA");
}

}  // namespace
}  // namespace rollcall::conformance
