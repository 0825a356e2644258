// The life of a command under `run`: it runs, leaves the answers, is told to stop, ends, and is off the roll.
//
//   running ──TERM, INT──► draining ──safe, or a second signal──► stopping ──deadline──► killed
//      │                                                             │                     │
//      └──────────────────────── the command ends ───────────────────┴─────────────────────┘──► gone
//
// Threads  the main thread, which waits for signals, news of the registrar and the next deadline at once, and for nothing else.
#pragma once

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include "client/registrar.h"
#include "client/wake_up.h"
#include "tools/rollcall/child.h"
#include "tools/rollcall/notify.h"
#include "tools/rollcall/signals.h"

namespace rollcall::cli {

struct SupervisorSettings {
  std::string service;
  std::chrono::milliseconds drain{10'000};       // the longest wait until no cache has the instance
  std::chrono::milliseconds kill_after{10'000};  // from the signal to SIGKILL
  std::chrono::milliseconds leave{5'000};        // the longest wait for the deregistration
  bool is_quiet = false;                         // no remarks
};

class Supervisor {
 public:
  // All of them outlive it; the child has been started. `news` is called when the registrar's state changes.
  Supervisor(SupervisorSettings settings, const Signals& signals, const Notify& notify, Child& child,
             client::Registrar& registrar, const client::WakeUp& news);

  // Until the command has ended and is off the roll; the exit code.
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
  void remark_changes(const client::Registrar::State& state);

  SupervisorSettings settings_;
  const Signals& signals_;
  const Notify& notify_;
  Child& child_;
  client::Registrar& registrar_;
  const client::WakeUp& news_;
  Phase phase_ = Phase::running;
  int stop_signal_ = SIGTERM;
  bool is_hurried_ = false;  // told to stop again
  Clock::time_point deadline_ = Clock::time_point::max();
  client::Registrar::State seen_;
  bool is_ready_ = false;  // the probe has agreed once
  std::optional<int> exit_code_;
};

}  // namespace rollcall::cli
