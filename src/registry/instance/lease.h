// A lease keeps an instance registered until `expires_at`, then it ends by itself.
//
// Time     LeaseTime (base/clock.h): changes of the wall clock have no effect.
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

// Who decides when a lease ends. this_node: heartbeats received here renew it, and it ends at its deadline. elsewhere: the
// nodes of a cluster together; the deadline says what this node knows, and only a durable change ends the instance.
enum class LeaseHolder : std::uint8_t { this_node, elsewhere };

// Shape    the deadline in nanoseconds of LeaseTime; zero once it has ended. The bit k_elsewhere is set in the word of a lease
//          that is decided elsewhere: the word is later than any time, so that whoever compares it with the time finds the
//          lease alive.
// Threads  any thread renews and reads; the writer ends. One word, no lock.
// Rule     a deadline only grows, until the lease ends; an ended lease never comes back (but undo_end). A renewal and an end that race
//          have one winner: either the renewal is acknowledged and the lease goes on, or it is refused.
class Lease {
 public:
  // The deadline is rounded up to a whole millisecond, the resolution of expiry: never early.
  Lease(LeaseTime now, std::chrono::milliseconds ttl) noexcept : deadline_(deadline_after(now, ttl)) {}

  // From now on the cluster decides about it. Call before the lease is published.
  void count_elsewhere() noexcept {
    deadline_.store(deadline_.load(std::memory_order_relaxed) | k_elsewhere, std::memory_order_relaxed);
  }
  [[nodiscard]] LeaseHolder counted_by() const noexcept {
    return is_elsewhere(deadline_.load(std::memory_order_relaxed)) ? LeaseHolder::elsewhere : LeaseHolder::this_node;
  }

  // A lease without a deadline: it ends only when `end` is called.
  struct Never {};
  explicit Lease(Never /*tag*/) noexcept : deadline_(k_never) {}

  // When the lease ends, or ended. After a forced end: a time in the past. `never()`: it does not end by itself. Held
  // elsewhere: when it ends as far as this node knows; it may be past, and the instance is on the roll.
  [[nodiscard]] LeaseTime expires_at() const noexcept {
    return LeaseTime(LeaseTime::duration(deadline_.load(std::memory_order_relaxed) & ~k_elsewhere));
  }
  // Until when an answer that is given at `now` may be cached. Of a lease held elsewhere that is past: not at all for
  // k_overdue_uncached, then for k_overdue_cached at a time; else one instance whose end cannot be made would take
  // caching from its whole service.
  [[nodiscard]] LeaseTime cached_until(LeaseTime now) const noexcept {
    const std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    const LeaseTime end(LeaseTime::duration(seen & ~k_elsewhere));
    if (!is_elsewhere(seen) || end > now) return end;
    return now - end < k_overdue_uncached ? now : now + k_overdue_cached;
  }
  [[nodiscard]] static constexpr LeaseTime never() noexcept { return LeaseTime(LeaseTime::duration(k_never)); }
  // Held elsewhere: until it is ended.
  [[nodiscard]] bool is_alive(LeaseTime now) const noexcept {
    return deadline_.load(std::memory_order_relaxed) > now.time_since_epoch().count();
  }

  // A heartbeat. False: the lease had ended by `now`, and stays so.
  bool renew(LeaseTime now, std::chrono::milliseconds ttl) noexcept {
    const std::int64_t renewed = deadline_after(now, ttl);
    std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    do {
      if (seen <= now.time_since_epoch().count()) return false;
      // An earlier deadline never replaces a later one.
      if (seen >= renewed) return !is_elsewhere(seen) || extend(LeaseTime(LeaseTime::duration(renewed)));
    } while (!deadline_.compare_exchange_weak(seen, renewed, std::memory_order_seq_cst));
    return true;
  }

  // Of a lease held elsewhere: its deadline is this one, if that is later. False: it has ended, or is held here.
  bool extend(LeaseTime deadline) noexcept {
    const std::int64_t later = deadline.time_since_epoch().count() | k_elsewhere;
    std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    do {
      if (!is_elsewhere(seen)) return false;
      if (seen >= later) return true;
    } while (!deadline_.compare_exchange_weak(seen, later, std::memory_order_seq_cst));
    return true;
  }

  // Takes over the deadline of another lease of the same instance, if that is later.
  void take_over(const Lease& other) noexcept {
    const std::int64_t deadline = other.deadline_.load(std::memory_order_seq_cst);
    std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    while (seen != k_ended && seen < deadline &&
           !deadline_.compare_exchange_weak(seen, deadline, std::memory_order_seq_cst)) {
    }
  }
  // Copies the deadline. Call before the lease is published.
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

  // Ends the lease early, unless its deadline is later than `seen_deadline`. Returns the deadline it had, and no
  // renewal will succeed. Empty: the lease was renewed meanwhile and continues.
  std::optional<LeaseTime> end_unless_renewed(LeaseTime seen_deadline) noexcept {
    std::int64_t seen = deadline_.load(std::memory_order_relaxed);
    do {
      if (seen > seen_deadline.time_since_epoch().count()) return std::nullopt;
    } while (!deadline_.compare_exchange_weak(seen, k_ended, std::memory_order_relaxed));
    return LeaseTime(LeaseTime::duration(seen));
  }
  // Undoes that when the end could not be stored. A client that saw the lease ended meanwhile will register again.
  void undo_end(LeaseTime deadline) noexcept {
    deadline_.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
  }

  // Ends the lease now: deregistered, or replaced.
  void end() noexcept { deadline_.store(k_ended, std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t k_ended = 0;
  // Far enough in the future to mean never, small enough that sums do not overflow.
  static constexpr std::int64_t k_never = std::int64_t{1} << 61;
  static constexpr std::int64_t k_elsewhere = std::int64_t{1} << 62;
  static constexpr std::chrono::seconds k_overdue_uncached{1};
  static constexpr std::chrono::seconds k_overdue_cached{1};

  [[nodiscard]] static constexpr bool is_elsewhere(std::int64_t word) noexcept { return (word & k_elsewhere) != 0; }
  static std::int64_t deadline_after(LeaseTime now, std::chrono::milliseconds ttl) noexcept {
    return std::chrono::ceil<std::chrono::milliseconds>(now.time_since_epoch() + ttl).count() * 1'000'000;
  }

  std::atomic<std::int64_t> deadline_;  // nanoseconds of LeaseTime
};

}  // namespace rollcall::registry
