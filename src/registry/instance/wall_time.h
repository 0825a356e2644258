// Wall time as people read it.
//
// Source   RFC 3339 §5.6.
#pragma once

#include <string>

#include "registry/instance/instance.h"

namespace rollcall::registry {

[[nodiscard]] WallTime wall_now();

// "2026-01-31T09:30:00.250Z"
[[nodiscard]] std::string format_wall_time(WallTime time);

}  // namespace rollcall::registry
