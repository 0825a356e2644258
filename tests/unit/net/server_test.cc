// Binding and what is told about it.
#include "net/server.h"

#include <array>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "base/rcu.h"
#include "catch.h"
#include "net/sockets/socket.h"
#include "unit/base/inherited_files.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;
using answer::testing::query_of;
using rollcall::testing::inherited_files;

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

TEST_CASE("no socket of the server is inherited by a command: neither those that listen nor those it has accepted") {
  const auto before = inherited_files();
  World world;
  world.add("web", "i-1");
  Client http = world.http();
  http.send(request("GET /v1/services/web"));
  CHECK(http.read_http().status == 200);
  Client dns = world.dns();
  dns.send(with_length(query_of({.name = "web.svc.internal", .transport = answer::Transport::tcp})));
  CHECK(dns.read_message().size() > 12);
  CHECK(inherited_files() == before);
}

TEST_CASE("connections that are refused by the limit of files are waited for without a busy loop, and then accepted") {
  World world;
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  Client client = world.http();  // while there are descriptors left
  client.send(request("GET /healthz"));
  CHECK(client.read_http().status == 200);
  const auto socket = [] { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); };
  const int waiting = socket();
  std::vector<int> fill;
  rcu::drain();  // UBSan looks at what is freed, and needs a descriptor for that
  rlimit low = limit;
  low.rlim_cur = static_cast<rlim_t>(waiting) + 16;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  for (int fd = socket(); fd >= 0; fd = socket()) fill.push_back(fd);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(world.server().http_endpoints().front().port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected = ::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  while (world.server().http_connections().not_accepted == 0) std::this_thread::yield();
  std::this_thread::sleep_for(300ms);
  const std::uint64_t tries = world.server().http_connections().not_accepted;
  client.send(request("GET /healthz"));
  const int status = client.read_http().status;
  for (const int fd : fill) ::close(fd);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  // Looked at only now: UBSan's own checks need a descriptor.
  CHECK(connected == 0);
  CHECK(tries <= 20);  // a try each 50 ms, and not as many as there is time for
  CHECK(status == 200);
  const std::string question = request("GET /healthz");
  REQUIRE(::send(waiting, question.data(), question.size(), 0) == static_cast<ssize_t>(question.size()));
  std::array<char, 512> reply{};
  CHECK(::recv(waiting, reply.data(), reply.size(), 0) > 0);
  ::close(waiting);
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
