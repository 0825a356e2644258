// A time in a column, as milliseconds since 1970. People write anything there: what no calendar has is cut to the nearest
// that one has, so that nothing counts beyond the end of 64 bits.
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
