// Calls LeaseClock::tick periodically, from construction to destruction, on its own thread.
//
// Owner    rollcalld.cc; the clock outlives it.
#pragma once

#include <chrono>
#include <pthread.h>
#include <stop_token>
#include <thread>

#include "base/limits.h"
#include "base/log.h"
#include "registry/instance/lease_clock.h"

namespace rollcall::registry {

class LeaseTicker {
 public:
  explicit LeaseTicker(LeaseClock& clock)
      : thread_([&clock](const std::stop_token& stop) {
          pthread_setname_np(pthread_self(), "lease-clock");
          while (!stop.stop_requested()) {
            std::this_thread::sleep_for(limits::k_clock_tick);
            const auto pause = clock.tick(std::chrono::steady_clock::now());
            if (pause > std::chrono::nanoseconds::zero()) {
              log::warn("the server was paused for {} ms; every lease gets them back",
                        std::chrono::duration_cast<std::chrono::milliseconds>(pause).count());
            }
          }
        }) {}

 private:
  std::jthread thread_;
};

}  // namespace rollcall::registry
