// Many changes, few renderings: when changes come close together, one rendering follows all of them.
//
// Shape    After a change it waits until nothing has changed for `settle`, but never longer than `at_most` after the first.
// Time     an argument.
// Threads  one.
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

  // When it is time to render; nothing while nothing has changed.
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
