// Whether the roll is as new as it can be. A node of a cluster that does not reach etcd goes on answering what it knows,
// and says so; after too long it does not answer for the roll any more.
//
// Shape    one state: `stale` answers carry EDE 3 and a TTL of one second at most; `expired` ones are SERVFAIL with EDE 14.
//          Names of the zone files are not the roll's, and are answered as ever.
// Owner    rollcalld.cc; outlives the Responder. A single node has none: its own roll is never stale.
// Threads  any.
// Source   RFC 8914 §4.4, §4.15; docs/cluster.md.
#pragma once

#include <atomic>
#include <cstdint>

namespace rollcall::answer {

class Freshness {
 public:
  enum class State : std::uint8_t { fresh, stale, expired };

  void set(State state) noexcept {
    state_.store(state, std::memory_order_relaxed);
    is_fresh_.store(state == State::fresh, std::memory_order_relaxed);
  }
  [[nodiscard]] State get() const noexcept { return state_.load(std::memory_order_relaxed); }
  // The same for the way of every query: one octet to look at.
  [[nodiscard]] const std::atomic<bool>& is_fresh() const noexcept { return is_fresh_; }

 private:
  std::atomic<State> state_{State::fresh};
  std::atomic<bool> is_fresh_{true};
};

// Of a node that may have none.
[[nodiscard]] inline Freshness::State state_of(const Freshness* freshness) noexcept {
  return freshness == nullptr ? Freshness::State::fresh : freshness->get();
}

}  // namespace rollcall::answer
