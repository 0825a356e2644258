// Supervises the command of `run`: drains the instance on SIGTERM, stops the command, then deregisters the instance.
//
//   running ──TERM, INT──► draining ──safe, or a second signal──► stopping ──deadline──► killed
//      │                                                             │                     │
//      └──────────────────────── the command ends ───────────────────┴─────────────────────┘──► gone
//
// Owner    the caller owns the objects passed in; they must outlive the Supervisor.
// Threads  the main thread. One poll() waits for signals, changes of the registrar and the next deadline.
#pragma once

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include "client/wake_up.h"
#include "tools/rollcall/child.h"
#include "tools/rollcall/notify.h"
#include "tools/rollcall/registrations.h"
#include "tools/rollcall/signals.h"

namespace rollcall::cli {

struct SupervisorSettings {
  std::string service;
  std::chrono::milliseconds drain{10'000};       // the longest wait until no cache has the instance
  std::chrono::milliseconds kill_after{10'000};  // time between the signal and SIGKILL
  std::chrono::milliseconds leave{5'000};        // the longest wait for the deregistration
  bool is_quiet = false;                         // print no messages
};

class Supervisor {
 public:
  // The arguments must outlive it; the child must have been started. `news` is called when the registrar's state
  // changes.
  Supervisor(SupervisorSettings settings, const Signals& signals, const Notify& notify, Child& child,
             Registrations& registrar, const client::WakeUp& news);

  // Blocks until the command has ended and is deregistered. Returns the exit code.
  [[nodiscard]] int run();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase : std::uint8_t { running, draining, stopping, killed };

  void wait_for_something() const;
  void take_signals();
  void begin_to_stop(int signal);
  void pass_on();
  void follow_registrar();
  void keep_deadline();
  void leave_the_roll();
  void remark(const std::string& sentence) const;
  void remark_changes(const Registrations::State& state);

  SupervisorSettings settings_;
  const Signals& signals_;
  const Notify& notify_;
  Child& child_;
  Registrations& registrar_;
  const client::WakeUp& news_;
  Phase phase_ = Phase::running;
  int stop_signal_ = SIGTERM;
  bool is_hurried_ = false;  // a second signal arrived
  Clock::time_point deadline_ = Clock::time_point::max();
  Registrations::State seen_;
  bool is_ready_ = false;  // the health check has passed at least once
  std::optional<int> exit_code_;
};

}  // namespace rollcall::cli
