// Values reachable only through their lock: Guarded, and GuardedCondition for values that threads wait on.
//
// Owner    it owns the value; a reference given to a function is not kept after the call. A GuardedCondition outlives every
//          thread that waits on it or changes it.
// Threads  any. The functions given are called under the lock: they must not wait, nor use the same value again. A query
//          is answered without either of the two.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace rollcall {

template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  template <class F>
  decltype(auto) with(F&& use) {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }
  template <class F>
  decltype(auto) with(F&& use) const {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

// A value that threads wait on until it meets a condition.
template <class T>
class GuardedCondition {
 public:
  using Time = std::chrono::steady_clock::time_point;

  GuardedCondition() = default;
  explicit GuardedCondition(T value) : value_(std::move(value)) {}

  // Reads, or changes that nobody waits for.
  template <class F>
  decltype(auto) with(F&& use) {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }
  template <class F>
  decltype(auto) with(F&& use) const {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(std::as_const(value_));
  }
  // Changes the value, then wakes every thread that waits.
  template <class F>
  decltype(auto) change(F&& use) {
    const Notification after_the_lock{changed_};
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }

  // For a change that `with` has made, where only some changes are waited for.
  void wake() { changed_.notify_all(); }

  // Waits until `holds(value)`, then changes the value under the same lock.
  template <class Holds, class F>
  decltype(auto) change_when(const Holds& holds, F&& use) {
    const Notification after_the_lock{changed_};
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return holds(std::as_const(value_)); });
    return std::forward<F>(use)(value_);
  }

  // Until `holds(value)`, or the time has come, or a stop is requested. Whether it holds.
  template <class Holds>
  void wait(const Holds& holds) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return holds(value_); });
  }
  template <class Holds>
  bool wait_until(Time until, const Holds& holds) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, until, [&] { return holds(value_); });
  }
  template <class Holds>
  bool wait(const std::stop_token& stop, const Holds& holds) const {
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, stop, [&] { return holds(value_); });
  }
  template <class Holds>
  bool wait_until(const std::stop_token& stop, Time until, const Holds& holds) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, stop, until, [&] { return holds(value_); });
  }

 private:
  struct Notification {
    std::condition_variable_any& changed;
    ~Notification() { changed.notify_all(); }
  };

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  T value_{};
};

}  // namespace rollcall
