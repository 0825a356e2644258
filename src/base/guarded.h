// A value reachable only through its lock.
//
// Owner    the Guarded owns the value; a reference given out lives no longer than the call of `with`.
// Threads  any. The way of a query takes no Guarded.
#pragma once

#include <mutex>
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

}  // namespace rollcall
