// Durations as people write them: an integer of seconds, or "500ms", "15s", "1m30s", "24h" (interface.md §2).
//
// Units    milliseconds inside.
// Failure  a sentence without the field's name: the caller knows where the text stood.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

// Empty for anything that is not a duration, or is longer than 10,000 days.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The shortest text that parse_duration reads back: "1m30s", "500ms", "0s".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace rollcall
