// Whether any registry knows of the instance.
//
// Shape    in touch from an acknowledged call until a lease later, at the start too: a lease that no registry has
//          acknowledged is out of touch, whether or not there was one before.
// Time     an argument, but for the waits.
// Threads  any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace rollcall::client {

class Touch {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Touch(Time until) : until_(until) {}

  // A call that was sent at `sent` has been acknowledged for `lease`.
  void note_acknowledged(Time sent, std::chrono::milliseconds lease);
  // Ends all waits: nobody is registered from then on.
  void close();

  [[nodiscard]] bool is_registered(Time now) const;
  // Until some registry has acknowledged, and its lease runs.
  [[nodiscard]] bool wait_until_registered(Time until);
  // Calls with each change, until closed.
  void watch(const std::function<void(bool)>& on_touch);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Time until_;
  bool is_acknowledged_ = false;  // ever
  bool is_closed_ = false;
};

}  // namespace rollcall::client
