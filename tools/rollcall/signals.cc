#include "tools/rollcall/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace rollcall::cli {

Signals::Signals(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, &original_);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);  // if inherited as ignored, the kernel discards exit codes of children
  fd_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  check(fd_ >= 0, "the system has a descriptor for signals");
}

Signals::~Signals() {
  ::close(fd_);
  pthread_sigmask(SIG_SETMASK, &original_, nullptr);
}

std::optional<int> Signals::take() const {
  signalfd_siginfo info{};
  if (::read(fd_, &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info))) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace rollcall::cli
