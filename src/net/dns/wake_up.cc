#include "net/dns/wake_up.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

namespace rollcall::net {
namespace {

constexpr std::chrono::microseconds k_between_signals_first{50};
constexpr std::chrono::microseconds k_between_signals_max{5'000};

}  // namespace

void let_signals_wake() {
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};
  sigemptyset(&nothing.sa_mask);
  nothing.sa_flags = 0;  // not SA_RESTART: the call must fail
  sigaction(SIGURG, &nothing, nullptr);
}

void wake_until(pthread_t thread, const std::atomic<bool>& has_ended) {
  auto pause = k_between_signals_first;
  while (!has_ended.load(std::memory_order_acquire)) {
    pthread_kill(thread, SIGURG);
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, k_between_signals_max);
  }
}

}  // namespace rollcall::net
