// A lease promises that an instance is alive until `expires_at`; nobody has to do anything for it to end.
//
// Time     LeaseTime (base/clock.h): steps of the wall clock have no effect.
// Source   interface.md §2.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace rollcall::registry {

using rollcall::LeaseTime;
using rollcall::ManualClock;
using rollcall::millisecond_of;
using rollcall::TimeSource;

// Who counts a lease. This node: heartbeats that it hears renew the lease, and it ends at its deadline. Elsewhere: another
// node of the cluster does; here the instance is only shown, without a deadline, until a durable change ends it.
enum class LeaseHolder : std::uint8_t { this_node, elsewhere };

// Shape    the deadline in nanoseconds of LeaseTime; zero once it has ended; k_elsewhere when another node counts it.
// Threads  any thread renews and reads; the writer ends. One word, no lock.
// Rule     a deadline only grows, until the lease ends; an ended lease never comes back (but undo_end). A renewal and an end that race
//          have one winner: either the renewal is acknowledged and the lease goes on, or it is refused.
class Lease {
 public:
  // The deadline is rounded up to a whole millisecond, the resolution of expiry: never early.
  Lease(LeaseTime now, std::chrono::milliseconds ttl) noexcept : deadline_(deadline_after(now, ttl)) {}

  // Leaves the counting to another node. Before anybody has seen this one.
  void count_elsewhere() noexcept { deadline_.store(k_elsewhere, std::memory_order_relaxed); }
  [[nodiscard]] LeaseHolder counted_by() const noexcept {
    return deadline_.load(std::memory_order_relaxed) == k_elsewhere ? LeaseHolder::elsewhere : LeaseHolder::this_node;
  }

  // One that nobody has to renew: it ends by force alone.
  struct Never {};
  explicit Lease(Never /*tag*/) noexcept : deadline_(k_never) {}

  // When the lease ends, or ended. The past for a lease that was ended by force; `never()` and more where it does not end by
  // itself, here at least.
  [[nodiscard]] LeaseTime expires_at() const noexcept {
    return LeaseTime(LeaseTime::duration(deadline_.load(std::memory_order_relaxed)));
  }
  [[nodiscard]] static constexpr LeaseTime never() noexcept { return LeaseTime(LeaseTime::duration(k_never)); }
  [[nodiscard]] bool is_alive(LeaseTime now) const noexcept { return expires_at() > now; }

  // A heartbeat. False: the lease had ended by `now`, and stays so.
  bool renew(LeaseTime now, std::chrono::milliseconds ttl) noexcept {
    const std::int64_t renewed = deadline_after(now, ttl);
    std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    do {
      if (seen <= now.time_since_epoch().count()) return false;
      if (seen >= renewed) return true;  // an earlier deadline never replaces a later one
    } while (!deadline_.compare_exchange_weak(seen, renewed, std::memory_order_seq_cst));
    return true;
  }

  // Goes on from another lease of the same instance: ends no sooner than that one.
  void take_over(const Lease& other) noexcept {
    const std::int64_t deadline = other.deadline_.load(std::memory_order_seq_cst);
    std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    while (seen != k_ended && seen < deadline &&
           !deadline_.compare_exchange_weak(seen, deadline, std::memory_order_seq_cst)) {
    }
  }
  // Before anybody has seen this one.
  void begin_as(const Lease& other) noexcept {
    deadline_.store(other.deadline_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }

  // Ends the lease if its deadline has passed: true, and no renewal will succeed. False: it was renewed meanwhile.
  bool end_if_due(LeaseTime now) noexcept {
    std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    do {
      if (seen > now.time_since_epoch().count()) return false;
    } while (!deadline_.compare_exchange_weak(seen, k_ended, std::memory_order_relaxed));
    return true;
  }

  // Ends the lease before its time, unless its deadline is beyond the one that was seen: the deadline it had, and no renewal
  // will succeed. Empty: it goes on.
  std::optional<LeaseTime> end_unless_renewed(LeaseTime seen_deadline) noexcept {
    std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    do {
      if (seen > seen_deadline.time_since_epoch().count()) return std::nullopt;
    } while (!deadline_.compare_exchange_weak(seen, k_ended, std::memory_order_relaxed));
    return LeaseTime(LeaseTime::duration(seen));
  }
  // Takes that back: the end could not be made durable. Who was told meanwhile that the lease had ended registers again.
  void undo_end(LeaseTime deadline) noexcept {
    deadline_.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
  }

  // Ends the lease now: deregistered, or replaced.
  void end() noexcept { deadline_.store(k_ended, std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t k_ended = 0;
  // So far away that it never comes, and that no sum with it overflows.
  static constexpr std::int64_t k_never = std::int64_t{1} << 62;
  static constexpr std::int64_t k_elsewhere = k_never + 1;

  static std::int64_t deadline_after(LeaseTime now, std::chrono::milliseconds ttl) noexcept {
    return std::chrono::ceil<std::chrono::milliseconds>(now.time_since_epoch() + ttl).count() * 1'000'000;
  }

  std::atomic<std::int64_t> deadline_;  // nanoseconds of LeaseTime
};

}  // namespace rollcall::registry
