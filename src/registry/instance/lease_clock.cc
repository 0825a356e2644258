#include "registry/instance/lease_clock.h"

#include <algorithm>

#include "base/limits.h"

namespace rollcall::registry {
namespace {

using std::chrono::nanoseconds;

// Lease time starts one hour in, so that zero is the past: Lease uses it for "ended".
constexpr std::int64_t k_epoch_ns = nanoseconds(std::chrono::hours(1)).count();
constexpr std::int64_t k_gap_max_ns = nanoseconds(limits::k_clock_gap_max).count();

std::int64_t to_ns(LeaseClock::Monotonic instant) {
  return std::chrono::duration_cast<nanoseconds>(instant.time_since_epoch()).count();
}

}  // namespace

LeaseClock::LeaseClock(Monotonic start)
    : initial_offset_ns_(to_ns(start) - k_epoch_ns),
      last_tick_ns_(to_ns(start)),
      offset_ns_(initial_offset_ns_),
      ceiling_ns_(k_epoch_ns + k_gap_max_ns) {}

LeaseTime LeaseClock::at(Monotonic instant) const noexcept {
  // The ceiling first: whoever sees one lifted after a pause also sees the offset that took the pause out.
  const std::int64_t ceiling = ceiling_ns_.load(std::memory_order_acquire);
  const std::int64_t offset = offset_ns_.load(std::memory_order_acquire);
  return LeaseTime(nanoseconds(std::min(to_ns(instant) - offset, ceiling)));
}

nanoseconds LeaseClock::tick(Monotonic instant) noexcept {
  const std::int64_t tick_ns = to_ns(instant);
  const std::int64_t gap = tick_ns - last_tick_ns_;
  const std::int64_t offset = offset_ns_.load(std::memory_order_relaxed);
  last_tick_ns_ = tick_ns;
  if (gap > k_gap_max_ns) {
    offset_ns_.store(offset + gap, std::memory_order_release);
    return nanoseconds(gap);
  }
  ceiling_ns_.store(tick_ns - offset + k_gap_max_ns, std::memory_order_release);
  return nanoseconds::zero();
}

void LeaseClock::hold(Monotonic instant) noexcept {
  last_tick_ns_ = to_ns(instant);
  ceiling_ns_.store(last_tick_ns_ - offset_ns_.load(std::memory_order_relaxed), std::memory_order_release);
}

// The ceiling is lifted by the next tick.
void LeaseClock::resume(Monotonic instant) noexcept {
  const std::int64_t held = to_ns(instant) - last_tick_ns_;
  last_tick_ns_ = to_ns(instant);
  offset_ns_.store(offset_ns_.load(std::memory_order_relaxed) + held, std::memory_order_release);
}

nanoseconds LeaseClock::given_back() const noexcept {
  return nanoseconds(offset_ns_.load(std::memory_order_relaxed) - initial_offset_ns_);
}

}  // namespace rollcall::registry
