// The endpoints of one service with the state that load balancing needs: failures, back-off, load.
//
// Shape    sorted by key. The failure count of an endpoint is kept until a success is reported, or until it has not
//          failed for twice `aside_max`.
// Time     passed as an argument.
// Owner    Balancer.
// Threads  not thread-safe: one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rollcall/balancer.h"

namespace rollcall::client {

struct Seat {
  using Time = Balancer::Time;

  Endpoint endpoint;
  std::string key;
  std::uint64_t hash = 0;
  unsigned failures = 0;            // consecutive, as reported by callers
  bool is_on_trial = false;         // its back-off is over, and one caller has been given it
  Time aside_until{};               // back-off: not chosen before this time
  std::optional<Time> last_failed;  // kept after a success
  double load = 0;
};

class SeatTable {
 public:
  using Time = Seat::Time;

  explicit SeatTable(const BalancerSettings& settings) : settings_(settings) {}

  void replace(std::vector<Endpoint> endpoints);
  [[nodiscard]] std::span<const Seat> all() const { return seats_; }

  void set_aside(const Endpoint& endpoint, Time now);
  void take_back(const Endpoint& endpoint);
  void set_load(const Endpoint& endpoint, double load);
  [[nodiscard]] bool is_set_aside(const Endpoint& endpoint, Time now) const;

 protected:
  // Finds the endpoints of the best priority that are neither set aside nor in `tried`, sorted by key.
  void candidates(Time now, std::span<const Endpoint> tried, std::vector<Seat*>& open);
  // The endpoint with the oldest failure that is not in `tried`; null if all are.
  Seat* longest_ago(std::span<const Endpoint> tried);
  // After a back-off, gives the endpoint to one caller only: it stays set aside for the others for the `trial` time.
  void begin_trial(Seat& seat, Time now) const;

 private:
  Seat* find(const Endpoint& endpoint);
  [[nodiscard]] std::size_t position_of(const Endpoint& endpoint) const;  // seats_.size(): not found

  BalancerSettings settings_;
  std::vector<Seat> seats_;
};

}  // namespace rollcall::client
