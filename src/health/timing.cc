#include "health/timing.h"

#include "base/check.h"
#include "base/hash.h"

namespace rollcall::health {

using std::chrono::milliseconds;

milliseconds phase_of(std::uint64_t instance, std::size_t check, milliseconds interval) {
  rollcall::check(interval > milliseconds::zero(), "a check has an interval");
  const std::uint64_t spread = detail::mix(instance + (std::uint64_t{check} << 56), 0x9E3779B97F4A7C15U);
  return milliseconds(static_cast<std::int64_t>(spread % static_cast<std::uint64_t>(interval.count())));
}

LeaseTime next_run(LeaseTime now, milliseconds phase, milliseconds interval) {
  const auto since = std::chrono::floor<milliseconds>(now.time_since_epoch()) - phase;
  const auto before = since < milliseconds::zero() ? 0 : since / interval + 1;  // instants that have passed
  const LeaseTime next(phase + before * interval);
  check(next > now && next <= now + interval, "a check runs once in each interval");
  return next;
}

LeaseTime silent_from(LeaseTime expires_at, milliseconds ttl) {
  check(ttl > milliseconds::zero(), "a probe stands in for the heartbeats of a lease");
  return expires_at - (ttl - 2 * heartbeat_interval(ttl));
}

}  // namespace rollcall::health
