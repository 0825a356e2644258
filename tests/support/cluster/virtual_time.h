// Time that passes only when nothing else happens: a queue of what is to be done when.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace rollcall::cluster::testing {

using Time = std::chrono::nanoseconds;  // since the begin of the run
using Job = std::move_only_function<void()>;

class VirtualTime {
 public:
  [[nodiscard]] Time now() const { return now_; }
  void at(Time when, Job job) {
    queue_.push_back({std::max(when, now_), ++last_, std::move(job)});
    std::push_heap(queue_.begin(), queue_.end(), comes_later);
  }
  void after(Time delay, Job job) { at(now_ + delay, std::move(job)); }
  void run_until(Time end) {
    while (!queue_.empty() && queue_.front().when <= end) {
      std::pop_heap(queue_.begin(), queue_.end(), comes_later);
      Entry entry = std::move(queue_.back());
      queue_.pop_back();
      now_ = entry.when;
      entry.job();
    }
    now_ = end;
  }

 private:
  struct Entry {
    Time when;
    std::uint64_t order;
    Job job;
  };
  static bool comes_later(const Entry& one, const Entry& other) {
    return one.when != other.when ? one.when > other.when : one.order > other.order;
  }
  Time now_{};
  std::uint64_t last_ = 0;
  std::vector<Entry> queue_;
};

}  // namespace rollcall::cluster::testing
