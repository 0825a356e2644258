// One run of the simulated cluster under random clients and random faults, from one seed.
#pragma once

#include <optional>
#include <string>

#include "support/cluster/sim_world.h"

namespace rollcall::cluster::testing {

// What a client does between registering and dying, beside plain heartbeats.
struct SimClient {
  Instance instance = 0;
  Time ttl{};
  double rhythm = 0.33;      // of the ttl
  std::uint32_t edgy = 30;   // percent of the heartbeats that come around the very end of the lease
  std::uint32_t twins = 0;   // percent that are sent to two nodes at once
  std::uint32_t fickle = 0;  // percent of the heartbeats that register anew instead, with another ttl
  std::uint32_t leaver = 0;  // percent that deregister instead, and come back
  int life = 0;              // counts, so that what is late does not act for the next
  bool alive = false;
  Time dies{};
  std::optional<Time> asks_since;  // nobody has answered with 200 since it began to ask
};

class SimRun {
 public:
  struct Limits {
    Time faults_from = std::chrono::seconds(12);
    Time faults_until = std::chrono::seconds(60);
    Time fault_every = std::chrono::milliseconds(2'500);
    std::uint32_t clients = 24;
    Time ttl_max = std::chrono::seconds(15);
  };
  SimRun(const SimOptions& options, Limits limits);
  // Runs to the end, when all clients are dead and everybody must be gone from everywhere.
  Verdicts& run();
  SimWorld world;

 private:
  [[nodiscard]] bool percent(std::uint32_t chance) { return world.random.below(100) < chance; }
  [[nodiscard]] Time between(std::int64_t low_ms, std::int64_t high_ms);
  [[nodiscard]] int some_node() {
    return static_cast<int>(world.random.below(static_cast<std::uint32_t>(world.options.nodes)));
  }
  void live(std::size_t client);
  void come(std::size_t client);
  void beat(std::size_t client, int node, int tries);
  void follow(std::size_t client, int node, int tries, int life, Verdict verdict);
  [[nodiscard]] Time wait_of(const SimClient& client);
  void fault();
  void node_fault(std::uint32_t kind, int node, Time length);
  void network_fault(std::uint32_t kind, int node, Time length);
  void engine_fault(std::uint32_t kind, int node, Time length);
  void check_calm();
  void check_gone();

  const Limits limits_;
  std::vector<SimClient> clients_;
  bool is_over_ = false;
};

}  // namespace rollcall::cluster::testing
