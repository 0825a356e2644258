// When an instance is asked: its checks at regular instants, its probe when it is silent.
//
// Shape    functions of LeaseTime; no clock.
// Source   docs/checks.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace rollcall::health {

// Runs are spread over the interval: each check has its own phase, from zero to less than the interval, and runs at the
// instants that lie a whole number of intervals after it. `instance` is a number of the instance that is the same in every run
// of the program; `check` is the place of the check in its plan.
[[nodiscard]] std::chrono::milliseconds phase_of(std::uint64_t instance, std::size_t check,
                                                 std::chrono::milliseconds interval);
// The first such instant after `now`.
[[nodiscard]] LeaseTime next_run(LeaseTime now, std::chrono::milliseconds phase, std::chrono::milliseconds interval);

// Heartbeats are expected every third of the ttl.
[[nodiscard]] constexpr std::chrono::milliseconds heartbeat_interval(std::chrono::milliseconds ttl) { return ttl / 3; }
// From when on an instance is silent: one heartbeat is overdue by one interval, and two are missing.
[[nodiscard]] LeaseTime silent_from(LeaseTime expires_at, std::chrono::milliseconds ttl);

}  // namespace rollcall::health
