// Binding and what is told about it.
#include "net/server.h"

#include <string>

#include "catch.h"
#include "net/sockets/socket.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;

TEST_CASE("port 0 is a free port, the same for UDP and TCP, and is told") {
  const auto sockets = bind_dns(*IpEndpoint::parse("127.0.0.1:0"), 3, 1232);
  REQUIRE(sockets);
  CHECK(sockets->endpoint.port != 0);
  CHECK(sockets->udp.size() == 3);
  CHECK(sockets->tcp.get() >= 0);
  const auto http = bind_tcp(*IpEndpoint::parse("[::1]:0"));
  REQUIRE(http);
  CHECK(http->endpoint.text().starts_with("[::1]:"));
  CHECK(http->endpoint.port != 0);
}

TEST_CASE("an address in use is one sentence that names it") {
  const auto first = bind_dns(*IpEndpoint::parse("127.0.0.1:0"), 1, 1232);
  REQUIRE(first);
  const auto second = bind_dns(first->endpoint, 1, 1232);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::start_up);
  CHECK(second.error().message.find(first->endpoint.text()) != std::string::npos);
  CHECK(second.error().message.find("in use") != std::string::npos);

  const auto http = bind_tcp(*IpEndpoint::parse("127.0.0.1:0"));
  REQUIRE(http);
  CHECK(bind_tcp(http->endpoint).error().message.find("in use") != std::string::npos);
}

TEST_CASE("an address of another machine is one sentence too") {
  const auto bound = bind_tcp(*IpEndpoint::parse("192.0.2.1:8500"));
  REQUIRE_FALSE(bound);
  CHECK(bound.error().code == Errc::start_up);
  CHECK(bound.error().message.find("192.0.2.1:8500") != std::string::npos);
}

TEST_CASE("a descriptor is closed once, by its last owner") {
  Descriptor first(::dup(0));
  const int fd = first.get();
  Descriptor second(std::move(first));
  CHECK(first.get() == -1);  // NOLINT(bugprone-use-after-move): that is what is tried
  CHECK(second.get() == fd);
  const int released = second.release();
  CHECK(second.get() == -1);
  CHECK(::close(released) == 0);
}

TEST_CASE("a server tells its listeners, and counts what comes") {
  World world;
  CHECK(world.server().dns_listeners().front() == world.server().dns_endpoints().front().text());
  CHECK(world.server().http_listeners().size() == 1);
  CHECK(world.server().dns_counters().size() == 4);
  Client client = world.http();
  client.send(request("GET /nothing"));
  CHECK(client.read_http().status == 404);
  std::uint64_t errors = 0;
  for (const api::Counters* counters : world.server().http_counters()) errors += counters->client_errors;
  CHECK(errors == 1);
  CHECK(world.server().http_connections().accepted == 1);
}

TEST_CASE("a server that was never started stops") {
  World world;
  world.stop();
  world.stop();
}

}  // namespace
}  // namespace rollcall::net
