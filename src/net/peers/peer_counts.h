// What the connections between nodes count, and the lines they log.
//
// Owner    PeerNetwork's implementation; outlives its connections.
// Threads  the peers' writes, any reads.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/histogram.h"
#include "base/log.h"
#include "cluster/peers.h"

namespace rollcall::net {

struct PeerCounts {
  using Counter = std::atomic<std::uint64_t>;

  Counter frames_received{0};
  Counter frames_sent{0};
  Counter octets_received{0};
  Counter octets_sent{0};
  Counter connects{0};
  Counter connect_failures{0};
  Counter accepts{0};
  Counter polls_sent{0};
  Counter polls_answered{0};
  Counter polls_given_up{0};
  std::atomic<std::size_t> connected{0};
  std::array<Counter, cluster::k_peer_refusals> refused{};
  Histogram round_trips{Histogram::exponential(0.000'1, 2, 16)};  // 0.1 ms to 3.3 s

  static void add(Counter& counter, std::uint64_t count = 1) { counter.fetch_add(count, std::memory_order_relaxed); }
  // Counts, and logs a line for each reason once in a while. `who`: a name or an address.
  void refuse(cluster::PeerRefusal reason, std::string_view who);
  // A peer that cannot be reached: a line once in a while.
  void fail_to_connect(std::string_view who, std::string_view sentence);
  [[nodiscard]] cluster::PeerCounters read() const;

 private:
  std::array<log::Seldom, cluster::k_peer_refusals> said_;
  log::Seldom said_failure_;
};

}  // namespace rollcall::net
