// Signals as events of a descriptor (signalfd): nothing runs inside a signal handler.
//
// Owner    main thread, before any other thread is there: every thread born later has the signals blocked too.
// Shape    blocks the signals for its life; original_mask() is what a child must be given back (sigprocmask survives
//          exec). SIGPIPE is ignored: a reader that has gone is an error of write().
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
  // The next one that has come; empty when there is none.
  [[nodiscard]] std::optional<int> take() const;
  [[nodiscard]] const sigset_t& original_mask() const { return original_; }

 private:
  int fd_ = -1;
  sigset_t original_{};
};

}  // namespace rollcall::cli
