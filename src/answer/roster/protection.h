// Protection against a fault of the health checks themselves: when too few instances of a service are ready, critical ones
// are answered as well, for a limited time.
//
// Shape    one per service, shared by its successive snapshots. It begins with the first question that finds too few ready,
//          and ends when the time allowed has passed, or when enough are ready again; after that it may begin once more.
// Threads  any.
// Source   `protect_threshold`, `protect_for`; docs/checks.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "registry/instance/lease.h"

namespace rollcall::answer {

class Protection {
 public:
  // Too few are ready now: whether critical ones are answered too.
  [[nodiscard]] bool is_active(registry::LeaseTime now, std::chrono::milliseconds allowed) noexcept {
    std::int64_t since = since_ns_.load(std::memory_order_relaxed);
    const std::int64_t now_ns = now.time_since_epoch().count();
    if (since == k_none && since_ns_.compare_exchange_strong(since, now_ns, std::memory_order_relaxed)) since = now_ns;
    return now < registry::LeaseTime(registry::LeaseTime::duration(since)) + allowed;
  }
  // Enough are ready.
  void end() noexcept { since_ns_.store(k_none, std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t k_none = -1;
  std::atomic<std::int64_t> since_ns_{k_none};
};

}  // namespace rollcall::answer
