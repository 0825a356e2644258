// The child process that `run` starts, in its own process group; waits for its end.
//
// Shape    the child starts with the original signal mask and with default signal actions, except for signals that were
//          ignored when rollcall started. If our stdin is a terminal, the child's stdin is /dev/null: the terminal
//          stays ours, so that Ctrl-C reaches us.
// Threads  the main thread. reap() waits for every child that has ended: as PID 1 in a container, orphans of other
//          processes become our children.
// Failure  start() returns the error of exec and the exit code for it.
// Source   posix_spawn(3), waitpid(2).
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

  // Empty: the child runs. Otherwise the reason why it does not.
  [[nodiscard]] std::optional<Refusal> start(const std::vector<std::string>& command, const sigset_t& mask);

  // Call after SIGCHLD. Returns the exit code once the command has ended: its own, or 128 + the number of the signal.
  [[nodiscard]] std::optional<int> reap();

  void signal(int number) const;  // to the command only
  void kill_group() const;        // SIGKILL to the whole process group

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

}  // namespace rollcall::cli
