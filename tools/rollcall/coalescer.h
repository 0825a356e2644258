// Debounces changes: when several changes come close together, they cause only one rendering.
//
// Shape    a rendering is due when nothing has changed for `settle`, but at the latest `at_most` after the first
//          change.
// Time     passed as an argument.
// Threads  not thread-safe: one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace rollcall::cli {

class Coalescer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Coalescer(std::chrono::milliseconds settle, std::chrono::milliseconds at_most) : settle_(settle), at_most_(at_most) {}

  void note_change(Time now) {
    if (!first_) first_ = now;
    last_ = now;
  }

  // The time of the next rendering; empty if nothing has changed.
  [[nodiscard]] std::optional<Time> due() const {
    if (!first_) return std::nullopt;
    return std::min(last_ + settle_, *first_ + at_most_);
  }
  [[nodiscard]] bool is_due(Time now) const { return first_ && now >= *due(); }

  void note_rendering() { first_.reset(); }

 private:
  std::chrono::milliseconds settle_;
  std::chrono::milliseconds at_most_;
  std::optional<Time> first_;
  Time last_{};
};

}  // namespace rollcall::cli
