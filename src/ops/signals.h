// The signals of a server: taken by the main thread alone, one at a time; every thread born after this has them blocked.
//
// Owner    main, before any other thread is there.
#pragma once

#include <csignal>
#include <pthread.h>

namespace rollcall::ops {

class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write(), not the end of the server
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
