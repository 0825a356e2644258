// The command that `run` starts: a process in a process group of its own, and its end.
//
// Shape    started with the signal mask and the signal actions that a program expects (all default but those that
//          rollcall's parent ignored). Its stdin is /dev/null where ours is a terminal, which stays ours for Ctrl-C.
// Threads  the main thread. reap() takes every child that has ended: as PID 1 the orphans of others become ours.
// Failure  start() tells what exec said, with the exit code for it.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace rollcall::cli {

class Child {
 public:
  struct Refusal {
    int exit_code;
    std::string message;
  };

  // Empty, and the child runs; else why not.
  [[nodiscard]] std::optional<Refusal> start(const std::vector<std::string>& command, const sigset_t& mask);

  // After SIGCHLD. The exit code of the command once it has ended: its own, or 128 + the signal that ended it.
  [[nodiscard]] std::optional<int> reap();

  void signal(int number) const;  // the command alone
  void kill_group() const;        // SIGKILL to it and to what it has started in its group

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

}  // namespace rollcall::cli
