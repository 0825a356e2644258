// From one thread to another, in order: a line of at most `k_places` things, so that the faster waits for the slower.
//
// Owner    shared by reference; outlives both threads.
// Threads  one that puts, one that takes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace rollcall {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t places) : places_(places) {}

  // Waits for a place. False: nobody takes any more.
  bool put(T thing) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_closed_ || line_.size() < places_; });
    if (is_closed_) return false;
    line_.push_back(std::move(thing));
    changed_.notify_all();
    return true;
  }

  // Waits for the next. Empty: that was the last.
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_closed_ || !line_.empty(); });
    if (line_.empty()) return std::nullopt;
    std::optional<T> thing(std::move(line_.front()));
    line_.pop_front();
    changed_.notify_all();
    return thing;
  }

  // Either side: nothing more will be put. What is in line can still be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }

 private:
  const std::size_t places_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> line_;
  bool is_closed_ = false;
};

}  // namespace rollcall
