// Datagrams over a real socket: each answer reaches who asked, whatever leaves beside it.
#include "net/dns/udp_worker.h"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <map>
#include <poll.h>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::net {
namespace {

using answer::testing::query_of;

int client_of(const IpEndpoint& server) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(server.port);
  inet_pton(AF_INET, "127.0.0.1", &v4.sin_addr);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(server.port);
  v6.sin6_addr = in6addr_loopback;
  const bool is_v4 = server.address.is_v4();
  const int socket = ::socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto* at = is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  REQUIRE(connect(socket, at, is_v4 ? sizeof v4 : sizeof v6) == 0);
  return socket;
}

bool has_ipv6() {
  const auto sockets = bind_dns(*IpEndpoint::parse("[::1]:0"), 1, 1232);
  return sockets.has_value();
}

std::vector<std::uint8_t> receive(int socket) {
  pollfd waiting{socket, POLLIN, 0};
  REQUIRE(poll(&waiting, 1, 5000) == 1);
  std::vector<std::uint8_t> answer(65'535);
  answer.resize(static_cast<std::size_t>(recv(socket, answer.data(), answer.size(), 0)));
  return answer;
}

struct Asked {
  explicit Asked(const std::string& address, std::size_t udp_payload = 1232) : world({}, udp_payload) {
    for (int i = 0; i < 30; ++i) {
      const std::string number = std::to_string(i);
      world.add({.service = "s" + std::string(static_cast<std::size_t>(i % 3), 'x') + number, .id = "i-" + number});
    }
    auto sockets = bind_dns(*IpEndpoint::parse(address), 1, world.responder.udp_payload());
    REQUIRE(sockets);
    server = sockets->endpoint;
    worker = std::make_unique<UdpWorker>(std::move(sockets->udp.front()), world.responder, world.clock);
  }

  answer::testing::World world;
  IpEndpoint server;
  std::unique_ptr<UdpWorker> worker;
};

TEST_CASE("bursts from many sockets: every question has its own answer, at the socket it came from") {
  // On a socket bound to every address each answer also names its source.
  Asked asked(GENERATE("127.0.0.1:0", "0.0.0.0:0"));
  constexpr std::size_t k_clients = 5;
  std::array<int, k_clients> clients{};
  for (int& client : clients) client = client_of(asked.server);
  std::array<std::map<std::uint16_t, std::string>, k_clients> open;
  for (std::uint16_t id = 1; id <= 60; ++id) {  // before the worker starts: it finds them all at once
    for (std::size_t i = 0; i < k_clients; ++i) {
      const int n = (id + static_cast<int>(i)) % 30;
      const std::string name =
          "s" + std::string(static_cast<std::size_t>(n % 3), 'x') + std::to_string(n) + ".svc.internal";
      std::vector<std::uint8_t> query = query_of({.name = name, .type = id % 4 == 0 ? dns::Type::srv : dns::Type::a});
      store_u16(query.data(), id);
      REQUIRE(send(clients[i], query.data(), query.size(), 0) == static_cast<ssize_t>(query.size()));
      open[i][id].assign(query.begin() + 12, query.end());
    }
  }
  asked.worker->start("dns-udp");
  for (std::size_t i = 0; i < k_clients; ++i) {
    while (!open[i].empty()) {
      const std::vector<std::uint8_t> answer = receive(clients[i]);
      REQUIRE(answer.size() > 12);
      const auto found = open[i].find(load_u16(answer.data()));
      REQUIRE(found != open[i].end());
      CHECK(std::string(answer.begin() + 12, answer.end()).starts_with(found->second));
      CHECK(load_u16(answer.data() + 6) == 1);
      open[i].erase(found);
    }
  }
  asked.worker->stop();
  for (const int client : clients) close(client);
}

TEST_CASE("a burst of large answers to one peer is cut into runs that the system takes") {
  Asked asked("127.0.0.1:0");
  for (int i = 0; i < 22; ++i) asked.world.add({.service = "many", .id = "i-" + std::to_string(i)});
  std::vector<std::uint8_t> query = query_of({.name = "many.svc.internal", .type = dns::Type::srv, .payload = 1232});
  const int client = client_of(asked.server);
  for (std::uint16_t id = 1; id <= UdpBatch::k_batch; ++id) {  // before the worker starts: one batch
    store_u16(query.data(), id);
    REQUIRE(send(client, query.data(), query.size(), 0) == static_cast<ssize_t>(query.size()));
  }
  asked.worker->start("dns-udp");
  std::set<std::uint16_t> answered;
  std::size_t octets = 0;
  for (std::size_t i = 0; i < UdpBatch::k_batch; ++i) {
    const std::vector<std::uint8_t> answer = receive(client);
    answered.insert(load_u16(answer.data()));
    octets += answer.size();
  }
  asked.worker->stop();
  close(client);
  CHECK(answered.size() == UdpBatch::k_batch);
  CHECK(octets > limits::k_message_bytes_max);  // more than one run can be
  CHECK(asked.worker->refused_runs() == 0);
}

TEST_CASE("an answer is never longer than a datagram can be, whatever size is asked for") {
  const auto& [address, most] = GENERATE(table<std::string, std::size_t>(
      {{"127.0.0.1:0", limits::k_udp_payload_ipv4_max}, {"[::1]:0", limits::k_udp_payload_ipv6_max}}));
  if (address.starts_with('[') && !has_ipv6()) return;
  Asked asked(address, limits::k_message_bytes_max);
  for (int i = 0; i < 1'500; ++i) asked.world.add({.service = "many", .id = "instance-" + std::to_string(i)});
  asked.worker->start("dns-udp");
  const int client = client_of(asked.server);
  for (const int payload : {65'000, 65'507, 65'508, 65'527, 65'528, 65'535}) {
    INFO(address << " " << payload);
    const std::vector<std::uint8_t> query =
        query_of({.name = "many.svc.internal", .type = dns::Type::srv, .payload = static_cast<std::uint16_t>(payload)});
    REQUIRE(send(client, query.data(), query.size(), 0) > 0);
    const std::vector<std::uint8_t> answer = receive(client);
    CHECK(answer.size() <= std::min(static_cast<std::size_t>(payload), most));
    CHECK(answer.size() > 64'900);
    CHECK((load_u16(answer.data() + 2) & dns::k_flag_tc) != 0);
  }
  close(client);
}

TEST_CASE("a worker that waits can be stopped, and one that was never started too") {
  Asked asked("127.0.0.1:0");
  asked.worker->stop();
  asked.worker->start("dns-udp");
  const int client = client_of(asked.server);
  const std::vector<std::uint8_t> query = query_of({.name = "s0.svc.internal", .type = dns::Type::a});
  REQUIRE(send(client, query.data(), query.size(), 0) > 0);
  CHECK(receive(client).size() > query.size());
  close(client);
  asked.worker->stop();
  CHECK(asked.worker->counters().answers(0, 0) == 1);
}

}  // namespace
}  // namespace rollcall::net
