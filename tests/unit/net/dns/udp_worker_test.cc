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
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(server.port);
  inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  REQUIRE(connect(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  return socket;
}

std::vector<std::uint8_t> receive(int socket) {
  pollfd waiting{socket, POLLIN, 0};
  REQUIRE(poll(&waiting, 1, 5000) == 1);
  std::vector<std::uint8_t> answer(4096);
  answer.resize(static_cast<std::size_t>(recv(socket, answer.data(), answer.size(), 0)));
  return answer;
}

struct Asked {
  explicit Asked(const std::string& address) {
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
