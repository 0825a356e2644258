// Converts a time column (milliseconds since 1970) to WallTime. An operator may have written any number, so the value
//          is
// clamped to 0 … k_stored_time_max; later arithmetic then cannot overflow 64 bits.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/limits.h"
#include "registry/instance/instance.h"

namespace rollcall::store {

[[nodiscard]] inline registry::WallTime wall_time_of(std::int64_t column) {
  return registry::WallTime(
      std::chrono::milliseconds(std::clamp<std::int64_t>(column, 0, limits::k_stored_time_max.count())));
}

}  // namespace rollcall::store
