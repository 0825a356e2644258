// Receives signals through a file descriptor (signalfd), so that no code runs inside a signal handler.
//
// Shape    blocks the signals as long as the object lives. A child process must get original_mask() back, because the
//          signal mask survives exec. SIGPIPE is ignored: a closed pipe is then an error of write() (EPIPE).
// Owner    the main thread. Create it before any other thread: threads inherit the blocked signals.
// Threads  the main thread.
// Source   signalfd(2), sigprocmask(2).
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>

namespace rollcall::cli {

class Signals {
 public:
  explicit Signals(std::initializer_list<int> signals);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  [[nodiscard]] int fd() const { return fd_; }
  // The next pending signal; empty if there is none.
  [[nodiscard]] std::optional<int> take() const;
  [[nodiscard]] const sigset_t& original_mask() const { return original_; }

 private:
  int fd_ = -1;
  sigset_t original_{};
};

}  // namespace rollcall::cli
