// Signal handling: blocks SIGTERM, SIGINT, SIGHUP and SIGUSR2, and the main thread receives them with sigwait. Threads created
// later inherit the blocked signal mask.
//
// Owner    main; construct it before any other thread starts.
// Threads  `wait` on the main thread.
#pragma once

#include <csignal>
#include <pthread.h>

namespace rollcall::ops {

class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // at the file size limit, write() fails with EFBIG instead of killing the server
  }
  [[nodiscard]] int wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }

 private:
  sigset_t set_{};
};

}  // namespace rollcall::ops
