#include "ops/ready.h"

#include "catch.h"

namespace rollcall::ops {
namespace {

using namespace std::chrono_literals;

std::string message_for(const char* dns, const char* http, const registry::LeaseBounds& bounds = {}) {
  return ready_message(*IpEndpoint::parse(dns), *IpEndpoint::parse(http), *dns::Name::parse("svc.internal"), bounds);
}

TEST_CASE("the ready message is three commands to paste") {
  CHECK(message_for("127.0.0.1:8600", "127.0.0.1:8500") ==
        "curl -sS http://127.0.0.1:8500/v1/heartbeat -d "
        "'{\"service\":\"web\",\"address\":\"192.0.2.10\",\"port\":8080,\"ttl\":\"5m\"}'\n"
        "dig @127.0.0.1 -p 8600 web.svc.internal A +short\n"
        "dig @127.0.0.1 -p 8600 _web._tcp.svc.internal SRV\n");
}

TEST_CASE("a server that listens everywhere is asked at the loopback address") {
  const std::string v4 = message_for("0.0.0.0:53", "0.0.0.0:80");
  CHECK(v4.find("http://127.0.0.1:80/") != std::string::npos);
  CHECK(v4.find("dig @127.0.0.1 -p 53 web") != std::string::npos);
  const std::string v6 = message_for("[::]:53", "[::]:80");
  CHECK(v6.find("http://[::1]:80/") != std::string::npos);
  CHECK(v6.find("dig @::1 -p 53 web") != std::string::npos);
}

TEST_CASE("an IPv6 address stands in brackets for curl, and plain for dig") {
  const std::string message = message_for("[2001:db8::53]:5300", "[2001:db8::80]:8080");
  CHECK(message.find("http://[2001:db8::80]:8080/v1/heartbeat") != std::string::npos);
  CHECK(message.find("dig @2001:db8::53 -p 5300 ") != std::string::npos);
}

TEST_CASE("the example asks for no lease that would be refused") {
  CHECK(message_for("127.0.0.1:1", "127.0.0.1:2", {10s, 1s, 30s}).find("\"ttl\":\"30s\"") != std::string::npos);
  CHECK(message_for("127.0.0.1:1", "127.0.0.1:2", {1h, 10min, 24h}).find("\"ttl\":\"10m\"") != std::string::npos);
}

}  // namespace
}  // namespace rollcall::ops
