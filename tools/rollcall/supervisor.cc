#include "tools/rollcall/supervisor.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <poll.h>
#include <utility>

#include "base/duration.h"
#include "tools/rollcall/terminal.h"

namespace rollcall::cli {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds k_look_again = std::chrono::hours(1);  // poll() takes an int of milliseconds

}  // namespace

Supervisor::Supervisor(SupervisorSettings settings, const Signals& signals, const Notify& notify, Child& child,
                       Registrations& registrar, const client::WakeUp& news)
    : settings_(std::move(settings)),
      signals_(signals),
      notify_(notify),
      child_(child),
      registrar_(registrar),
      news_(news) {}

void Supervisor::remark(const std::string& sentence) const {
  if (!settings_.is_quiet) fmt::print(stderr, "rollcall: {}\n", sentence);
}

int Supervisor::run() {
  while (!exit_code_) {
    wait_for_something();
    take_signals();
    follow_registrar();
    keep_deadline();
  }
  leave_the_roll();
  return *exit_code_;
}

void Supervisor::wait_for_something() const {
  std::array<pollfd, 2> watched{{{signals_.fd(), POLLIN, 0}, news_.polled()}};
  int timeout_ms = -1;
  if (deadline_ != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now());
    timeout_ms = static_cast<int>(std::clamp(left, milliseconds(0), k_look_again).count());
  }
  ::poll(watched.data(), watched.size(), timeout_ms);
}

void Supervisor::take_signals() {
  while (const std::optional<int> signal = signals_.take()) {
    if (*signal == SIGCHLD) {
      exit_code_ = child_.reap();
    } else if (*signal == SIGTERM || *signal == SIGINT) {
      begin_to_stop(*signal);
    } else {
      child_.signal(*signal);
    }
  }
}

void Supervisor::begin_to_stop(int signal) {
  stop_signal_ = signal;
  if (phase_ == Phase::running) notify_.tell("STOPPING=1");
  is_hurried_ = phase_ != Phase::running;
  // A second signal skips the wait for DNS caches. Later signals are forwarded to the command at once.
  if (phase_ != Phase::running || !registrar_.state().has_registered) return pass_on();
  phase_ = Phase::draining;
  deadline_ = Clock::now() + settings_.drain;
  remark(fmt::format("leaving the answers of {}", settings_.service));
  registrar_.drain(Clock::now() + settings_.drain);
}

void Supervisor::pass_on() {
  if (phase_ != Phase::killed) {
    if (phase_ != Phase::stopping) deadline_ = Clock::now() + settings_.kill_after;
    phase_ = Phase::stopping;
  }
  registrar_.drain(Clock::now() + settings_.drain);
  child_.signal(stop_signal_);
}

void Supervisor::follow_registrar() {
  news_.clear();
  const Registrations::State state = registrar_.state();
  remark_changes(state);
  seen_ = state;
  // Ready means that the health check passes, even if no registry is reachable.
  if (state.is_well && !std::exchange(is_ready_, true)) notify_.tell("READY=1");
  if (phase_ == Phase::draining && state.is_drained) pass_on();
}

void Supervisor::keep_deadline() {
  if (exit_code_ || Clock::now() < deadline_) return;
  if (phase_ == Phase::draining) return pass_on();
  if (phase_ == Phase::stopping) {
    remark(fmt::format("the command has not ended within {}: it is killed", format_duration(settings_.kill_after)));
    child_.kill_group();
  }
  phase_ = Phase::killed;
  deadline_ = Clock::time_point::max();
}

// Deregisters after the command has ended; waits for at most `leave`.
void Supervisor::leave_the_roll() {
  registrar_.leave();
  deadline_ = Clock::now() + settings_.leave;
  is_hurried_ = false;
  while (!registrar_.state().is_gone && Clock::now() < deadline_ && !is_hurried_) {
    wait_for_something();
    news_.clear();
    while (const std::optional<int> signal = signals_.take()) {
      is_hurried_ = is_hurried_ || *signal == SIGTERM || *signal == SIGINT;
      if (*signal == SIGCHLD) static_cast<void>(child_.reap());
    }
  }
  const Registrations::State state = registrar_.state();
  if (state.has_registered && (!state.is_gone || state.failure)) {
    remark(fmt::format("{} could not be taken off the roll: its lease ends by itself", state.id));
  }
}

void Supervisor::remark_changes(const Registrations::State& state) {
  if (phase_ != Phase::running) return;
  if (state.has_registered && seen_.has_registered && state.is_well != seen_.is_well) {
    remark(state.is_well ? "the probe agrees again" : "the probe does not agree: no heartbeats until it does");
  }
  if (state.is_in_touch && !seen_.is_in_touch)
    remark(fmt::format("on the roll as {}, {}", state.id, printable(state.name)));
  const std::string now = state.failure ? state.failure->message : std::string();
  const std::string before = seen_.failure ? seen_.failure->message : std::string();
  if (!now.empty() && now != before) remark(fmt::format("not on the roll, trying again: {}", now));
}

}  // namespace rollcall::cli
