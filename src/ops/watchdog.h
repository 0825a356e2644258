// Feeds the watchdog of a service manager (WatchdogSec= of systemd) as long as every thread that serves makes progress.
//
// Shape    four times within the limit all pulses are asked. When all have answered the last question, the manager gets its
//          beat. A thread that does not answer is named in the log, once, and no beat is sent until it answers: the manager
//          ends the server when the limit has passed, and starts it again.
// Pauses   a round that comes late (SIGSTOP, a suspended or overloaded machine) blames nobody: the beat is sent at once, and
//          the questions are asked anew. So a machine that wakes up does not end a server that is whole.
// Owner    the server; what is asked outlives it.
// Threads  its own.
// Source   sd_notify(3), WATCHDOG=1; sd_watchdog_enabled(3).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/pulse.h"

namespace rollcall::ops {

// The rule alone, without thread and clock.
class WatchdogRounds {
 public:
  using Time = std::chrono::steady_clock::time_point;

  WatchdogRounds(std::chrono::microseconds limit, std::vector<std::unique_ptr<Pulse>> pulses);

  [[nodiscard]] std::chrono::microseconds every() const { return every_; }
  struct Verdict {
    bool beats = true;
    std::vector<std::string> stuck = {};  // their names, when that has just become known
  };
  [[nodiscard]] Verdict round(Time now);

 private:
  const std::chrono::microseconds every_;
  std::vector<std::unique_ptr<Pulse>> pulses_;
  std::optional<Time> last_;
  std::vector<const Pulse*> known_stuck_;
};

class Watchdog {
 public:
  using Beat = std::function<void()>;
  // From construction to destruction.
  Watchdog(std::chrono::microseconds limit, std::vector<std::unique_ptr<Pulse>> pulses, Beat beat);

 private:
  WatchdogRounds rounds_;
  const Beat beat_;
  std::jthread thread_;
};

}  // namespace rollcall::ops
