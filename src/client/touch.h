// Whether the instance is registered with at least one registry ("in touch"), combined over all registries.
//
// Shape    in touch from the time an acknowledged call was sent until one lease later. It starts as in touch until the
//          time given to the constructor, so that a first lease without acknowledgement is reported as a loss, too.
// Time     an argument; the functions that wait read the steady clock.
// Threads  thread-safe: any thread.
#pragma once

#include <chrono>
#include <functional>

#include "base/guarded.h"

namespace rollcall::client {

class Touch {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Touch(Time until) : state_(State{.until = until}) {}

  // A call that was sent at `sent` has been acknowledged for `lease`.
  void note_acknowledged(Time sent, std::chrono::milliseconds lease);
  // Ends all waits. From then on the instance counts as not registered.
  void close();

  [[nodiscard]] bool is_registered(Time now) const;
  // Blocks until the instance is registered. Returns false at the time `until`, or after close().
  [[nodiscard]] bool wait_until_registered(Time until);
  // Blocks until close(), and calls `on_touch` on this thread at each change.
  void watch(const std::function<void(bool)>& on_touch);

 private:
  struct State {
    Time until;
    bool is_acknowledged = false;  // at least once
    bool is_closed = false;

    [[nodiscard]] bool is_registered(Time now) const { return is_acknowledged && now < until; }
  };

  GuardedCondition<State> state_;
};

}  // namespace rollcall::client
