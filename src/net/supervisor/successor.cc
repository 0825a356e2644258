#include "net/supervisor/successor.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace rollcall::net {

Result<pid_t> start_successor(const std::filesystem::path& program, std::vector<std::string> words) {
  words.insert(words.begin(), program.string());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (char** each = environ; *each != nullptr; ++each) {
    if (!std::string_view(*each).starts_with("WATCHDOG_PID=")) environment.push_back(*each);
  }
  environment.push_back(nullptr);
  sigset_t none;
  sigemptyset(&none);
  std::array<int, 2> pipe{};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return failure(Errc::start_up, fmt::format("no process can be started: {}", std::strerror(errno)));
  }
  const Descriptor out(pipe[0]);
  Descriptor in(pipe[1]);
  const pid_t between = fork();
  if (between == 0) {
    const pid_t successor = fork();
    if (successor != 0) {
      const ssize_t said = ::write(in.get(), &successor, sizeof(successor));
      _exit(said == sizeof(successor) ? 0 : 1);
    }
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(argv.front(), argv.data(), environment.data());
    _exit(127);
  }
  if (between < 0) return failure(Errc::start_up, fmt::format("no process can be started: {}", std::strerror(errno)));
  in = {};
  pid_t successor = -1;
  const bool is_told = ::read(out.get(), &successor, sizeof(successor)) == sizeof(successor);
  waitpid(between, nullptr, 0);
  if (!is_told || successor < 0) {
    return failure(Errc::start_up,
                   "no process can be started: the limit of processes is reached (TasksMax, ulimit -u)");
  }
  return successor;
}

ProcessEnd::ProcessEnd(pid_t process) : process_(static_cast<int>(syscall(SYS_pidfd_open, process, 0))) {
  has_ended_ = process_.get() < 0 && errno == ESRCH;
}

bool ProcessEnd::comes_within(std::chrono::milliseconds time) const {
  if (has_ended_) return true;
  pollfd wanted{.fd = process_.get(), .events = POLLIN, .revents = 0};
  return poll(&wanted, 1, static_cast<int>(time.count())) > 0;
}

}  // namespace rollcall::net
