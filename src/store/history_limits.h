// How many rows of history are kept, and for how long: settings `[history]`. Value type.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/limits.h"

namespace rollcall::store {

struct HistoryLimits {
  std::uint64_t rows = limits::k_history_rows_default;  // 0: nothing is kept
  std::chrono::milliseconds age = limits::k_history_age_default;
  friend bool operator==(const HistoryLimits&, const HistoryLimits&) = default;
};

}  // namespace rollcall::store
