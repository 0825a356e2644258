// Whether the instance is registered with at least one registry.
//
// Shape    in touch from an acknowledged call until a lease later. At the start it is in touch until the time given, so that
//          a first lease without any acknowledgement is reported as well.
// Time     an argument, but for the waits.
// Threads  any.
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
  // Ends all waits: the instance does not count as registered from then on.
  void close();

  [[nodiscard]] bool is_registered(Time now) const;
  // Waits until a registry has acknowledged, and its lease has not ended; false: the time is over, or it was closed.
  [[nodiscard]] bool wait_until_registered(Time until);
  // Calls `on_touch` with each change, until closed.
  void watch(const std::function<void(bool)>& on_touch);

 private:
  struct State {
    Time until;
    bool is_acknowledged = false;  // ever
    bool is_closed = false;

    [[nodiscard]] bool is_registered(Time now) const { return is_acknowledged && now < until; }
  };

  GuardedCondition<State> state_;
};

}  // namespace rollcall::client
