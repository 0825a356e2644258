// Durations as Go writes them: "1m30s", "500ms", "1.5h", "-2s"; units ns, us, ms, s, m, h.
//
// Failure  empty for anything else, also for a number without a unit (but "0"), and for what no int64 of nanoseconds holds.
// Source   Go, time.ParseDuration.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::consul {

[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

// As Go shows it: "1m30s", "10s", "500ms", "0s".
[[nodiscard]] std::string format_go_duration(std::chrono::milliseconds duration);

}  // namespace rollcall::consul
