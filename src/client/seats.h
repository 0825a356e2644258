// The endpoints of one service, each with what is known of it.
//
// Shape    in the order of their keys. Failures are remembered until a success is reported.
// Time     an argument.
// Threads  one at a time.
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
  unsigned failures = 0;            // in a row, as far as is known
  bool is_on_trial = false;         // its time aside is over, and somebody has been given it
  Time aside_until{};               // open from then on
  std::optional<Time> last_failed;  // a success does not undo it
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
  // Those of the best priority that are neither set aside nor tried, in the order of their keys.
  void candidates(Time now, std::span<const Endpoint> tried, std::vector<Seat*>& open);
  // Of those not tried; null when all are.
  Seat* longest_ago(std::span<const Endpoint> tried);
  // One who comes back after a failure is given to one caller first.
  void begin_trial(Seat& seat, Time now) const;

 private:
  Seat* find(const Endpoint& endpoint);
  [[nodiscard]] std::size_t position_of(const Endpoint& endpoint) const;  // seats_.size(): nowhere

  BalancerSettings settings_;
  std::vector<Seat> seats_;
};

}  // namespace rollcall::client
