// Starts a process that is to take this one's place, and tells when it ends.
//
// Shape    it is a child of the service manager, or of whoever takes orphans, from its first moment: between the two stands a
//          process that ends at once. So the manager learns of its end. Its environment is this one's, but WATCHDOG_PID, which
//          names this process; no signal is blocked in it.
// Threads  any one.
// Failure  Errc::start_up with a sentence.
// Source   sd_notify(3), MAINPID; pidfd_open(2).
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "net/sockets/socket.h"

namespace rollcall::net {

// `words`: the command line, behind the program's name.
[[nodiscard]] Result<pid_t> start_successor(const std::filesystem::path& program, std::vector<std::string> words);

// The end of a process that is no child of this one.
class ProcessEnd {
 public:
  explicit ProcessEnd(pid_t process);
  // False: the kernel, or a filter of system calls, does not tell of it.
  [[nodiscard]] bool is_told() const { return process_.get() >= 0 || has_ended_; }
  // True: it has ended.
  [[nodiscard]] bool comes_within(std::chrono::milliseconds time) const;

 private:
  Descriptor process_;
  bool has_ended_ = false;
};

}  // namespace rollcall::net
