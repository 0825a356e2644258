// Protection against checks that are wrong about everybody: a service with too few ready instances answers all it has.
//
// Shape    one per service, handed on from snapshot to snapshot. It begins with the first question that finds the service
//          short, and is over when the time allowed has passed, or when enough are ready again: then it may begin anew.
// Threads  any.
// Source   `protect_threshold`, `protect_for`; docs/checks.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "registry/lease.h"

namespace rollcall::answer {

class Protection {
 public:
  // The service is short now.
  [[nodiscard]] bool is_active(registry::LeaseTime now, std::chrono::milliseconds allowed) noexcept {
    std::int64_t since = since_ns_.load(std::memory_order_relaxed);
    const std::int64_t now_ns = now.time_since_epoch().count();
    if (since == k_none && since_ns_.compare_exchange_strong(since, now_ns, std::memory_order_relaxed)) since = now_ns;
    return now < registry::LeaseTime(registry::LeaseTime::duration(since)) + allowed;
  }
  // It is not.
  void end() noexcept { since_ns_.store(k_none, std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t k_none = -1;
  std::atomic<std::int64_t> since_ns_{k_none};
};

}  // namespace rollcall::answer
