// The two times of this server: the time leases live by, and the time people read.
//
// Shape    time points. An instant of one is not comparable with an instant of the other.
// Time     LeaseTime: the monotonic clock less the server's own pauses (registry/instance/lease_clock.h); steps of the wall clock have
//          no effect on it. WallTime is shown and stored, and nothing is decided by it.
#pragma once

#include <chrono>
#include <cstdint>

namespace rollcall {

struct LeaseTimeline {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LeaseTimeline>;
  static constexpr bool is_steady = true;
};
using LeaseTime = LeaseTimeline::time_point;

// The millisecond an instant is in: deadlines are whole ones.
[[nodiscard]] constexpr std::uint64_t millisecond_of(LeaseTime time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Where the present comes from: registry::LeaseClock in the server, ManualClock in tests.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  [[nodiscard]] virtual LeaseTime now() const noexcept = 0;
  // The lease time at an instant just read from the monotonic clock: who needs both reads that clock once.
  [[nodiscard]] virtual LeaseTime at(std::chrono::steady_clock::time_point /*instant*/) const noexcept { return now(); }
};

class ManualClock final : public TimeSource {
 public:
  [[nodiscard]] LeaseTime now() const noexcept override { return now_; }
  void advance(LeaseTime::duration by) { now_ += by; }

 private:
  LeaseTime now_{std::chrono::hours(1)};
};

}  // namespace rollcall
