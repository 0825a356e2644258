#include "tools/rollcall/run_command.h"

#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"

namespace rollcall::cli {
namespace {

// Resets the signal mask and ignored signals: the command must not inherit them from this program.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// Returns whether the process has ended before the timeout.
bool wait_for_end(pid_t child, std::chrono::milliseconds timeout) {
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, child, 0U));
  if (descriptor < 0) return true;  // no pidfd in this kernel: wait without a timeout
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  pollfd ended{.fd = descriptor, .events = POLLIN, .revents = 0};
  int found = 0;
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    found = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
  } while (found < 0 && errno == EINTR);
  ::close(descriptor);
  return found > 0;
}

int collect(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

}  // namespace

Result<void> run_command(const std::string& command, std::chrono::milliseconds timeout) {
  const char* const words[] = {"sh", "-c", command.c_str(), nullptr};
  pid_t child = 0;
  const Attributes attributes;
  if (const int error = ::posix_spawn(&child, "/bin/sh", nullptr, attributes.get(), const_cast<char**>(words), environ);
      error != 0) {
    return failure(Errc::invalid, fmt::format("\"{}\" could not be started: {}", command, std::strerror(error)));
  }
  const bool in_time = wait_for_end(child, timeout);
  if (!in_time) ::kill(-child, SIGKILL);
  const int status = collect(child);
  if (!in_time) {
    return failure(Errc::invalid,
                   fmt::format("\"{}\" was not done after {} and has been killed", command, format_duration(timeout)));
  }
  if (WIFSIGNALED(status)) {
    return failure(Errc::invalid, fmt::format("\"{}\" was ended by SIG{}", command, ::sigabbrev_np(WTERMSIG(status))));
  }
  if (WEXITSTATUS(status) != 0) {
    return failure(Errc::invalid, fmt::format("\"{}\" failed with exit code {}", command, WEXITSTATUS(status)));
  }
  return {};
}

}  // namespace rollcall::cli
