// Wall time as people read it.
//
// Source   RFC 3339 §5.6.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/instance/instance.h"

namespace rollcall::registry {

[[nodiscard]] WallTime wall_now();

// "2026-01-31T09:30:00.250Z"
[[nodiscard]] std::string format_wall_time(WallTime time);

// The same, and with any number of decimals (what is below a millisecond is cut off) and any offset. Empty: not such a text,
// or not from 1970 to 9999.
[[nodiscard]] std::optional<WallTime> parse_wall_time(std::string_view text);

}  // namespace rollcall::registry
