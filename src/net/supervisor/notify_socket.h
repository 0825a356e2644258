// What a service manager (systemd) is told of this server: the protocol of sd_notify(3), which is one datagram of KEY=VALUE
// lines to the Unix socket that $NOTIFY_SOCKET names.
//
// Shape    a value; without $NOTIFY_SOCKET every call does nothing. libsystemd would bring the same forty lines, and a library
//          with four others behind it into each start.
// Failure  what cannot be sent is dropped: the service manager's own deadlines say the rest.
// Threads  any; each call is one system call after another, without shared state.
// Source   sd_notify(3), sd_watchdog_enabled(3); systemd.service(5), Type=notify and notify-reload.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace rollcall::net {

class NotifySocket {
 public:
  NotifySocket() = default;  // nobody is told
  NotifySocket(std::string path, std::optional<std::chrono::microseconds> watchdog)
      : path_(std::move(path)), watchdog_(watchdog) {}
  // $NOTIFY_SOCKET; $WATCHDOG_USEC, where $WATCHDOG_PID is this process or not set.
  [[nodiscard]] static NotifySocket from_environment();

  // Whether anybody listens.
  [[nodiscard]] explicit operator bool() const { return !path_.empty(); }
  // How long the service manager waits between two beats; empty: it does not watch.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  // The one line that `systemctl status` shows.
  void status(std::string_view sentence) const;
  // Also ends a reload.
  void ready(std::string_view status) const;
  void reloading() const;
  void stopping() const;
  void beat() const;
  // From now on another process of the service is its main process; the one before says so (NotifyAccess=main).
  void main_process(pid_t process) const;

 private:
  void send(std::string_view lines) const;

  std::string path_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace rollcall::net
