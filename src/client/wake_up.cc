#include "client/wake_up.h"

#include <cerrno>
#include <cstdint>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/check.h"

namespace rollcall::client {

WakeUp::WakeUp() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "a thread cannot be woken");
}

WakeUp::~WakeUp() { close(descriptor_); }

void WakeUp::call() const {
  const std::uint64_t one = 1;
  // Fails only if the counter is full: 2^64 - 2 calls without a clear().
  [[maybe_unused]] const auto written = write(descriptor_, &one, sizeof one);
}

pollfd WakeUp::polled() const { return {.fd = descriptor_, .events = POLLIN, .revents = 0}; }

void WakeUp::clear() const {
  std::uint64_t calls = 0;
  [[maybe_unused]] const auto taken = read(descriptor_, &calls, sizeof calls);
}

std::thread start_thread(std::string name, std::function<void()> run) {
  check(static_cast<bool>(run), "a thread has something to run");
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto restore = [&before] { pthread_sigmask(SIG_SETMASK, &before, nullptr); };
  try {
    std::thread thread([name = std::move(name), run = std::move(run)] {
      pthread_setname_np(pthread_self(), name.c_str());
      run();
    });
    restore();
    return thread;
  } catch (...) {
    restore();
    throw;
  }
}

}  // namespace rollcall::client
