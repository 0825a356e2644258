// The clock for leases: the monotonic clock minus every pause of the server itself.
//
// A stopped or starved server receives no heartbeats, so that time must not shorten any lease. A
// ticker calls `tick` every k_clock_tick. When the gap between two ticks is longer than k_clock_gap_max, the server was
// away, and the whole gap is taken out of the lease time. Between ticks, readers run on with the monotonic clock, but
// never more than k_clock_gap_max ahead of the last tick: a reader that wakes before the ticker after a pause sees no
// jump.
//
// Threads  `now` any thread, lock-free; `tick` one thread.
// Limits   a pause shorter than k_clock_gap_max counts as time.
// Source   interface.md §2 (own pause, clock changes). CLOCK_MONOTONIC does not run during suspend and does not step.
#pragma once

#include <atomic>
#include <chrono>

#include "registry/instance/lease.h"

namespace rollcall::registry {

class LeaseClock final : public TimeSource {
 public:
  using Monotonic = std::chrono::steady_clock::time_point;

  explicit LeaseClock(Monotonic start);

  [[nodiscard]] LeaseTime now() const noexcept override { return at(std::chrono::steady_clock::now()); }

  // The lease time at a given monotonic instant, for callers that have read the clock already.
  [[nodiscard]] LeaseTime at(Monotonic instant) const noexcept override;

  // Called by the ticker thread. Returns the pause that was taken out of lease time; zero: none.
  std::chrono::nanoseconds tick(Monotonic instant) noexcept;

  // Lease time stands still from `instant` on, for readers too; no tick comes until `resume`, which gives the time between
  // the two back to every lease. For a hand-over between two processes: while nobody can renew, nothing ends.
  void hold(Monotonic instant) noexcept;
  void resume(Monotonic instant) noexcept;

  // Sum of all such pauses since the start.
  [[nodiscard]] std::chrono::nanoseconds given_back() const noexcept;

 private:
  // lease time = min(monotonic - offset, ceiling). A tick changes one of the two, never both: an ordinary tick lifts
  // the ceiling, a tick after a pause grows the offset. So a reader needs no lock to see a consistent pair.
  const std::int64_t initial_offset_ns_;
  std::int64_t last_tick_ns_;  // used by the ticker thread only
  std::atomic<std::int64_t> offset_ns_;
  std::atomic<std::int64_t> ceiling_ns_;
};

}  // namespace rollcall::registry
