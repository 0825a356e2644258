// Whether and when settings and zones were last read: at start, and at each SIGHUP.
//
// Threads  any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/metrics.h"

namespace rollcall::ops {

class ReloadRecord {
 public:
  // At start, which is the first success.
  ReloadRecord() { note(true); }

  void note(bool is_done) {
    is_done_.store(is_done, std::memory_order_relaxed);
    if (!is_done) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    at_seconds_.store(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count()),
                      std::memory_order_relaxed);
  }

  void put_metrics(MetricsSink& sink) const {
    sink.gauge("rollcall_reload_successful",
               "Whether settings and zones could be read the last time, at start or by SIGHUP.",
               is_done_.load(std::memory_order_relaxed) ? 1 : 0);
    sink.gauge("rollcall_reload_success_timestamp_seconds", "When settings and zones were last read with success.",
               metric_of(at_seconds_));
  }

 private:
  std::atomic<bool> is_done_;
  std::atomic<std::uint64_t> at_seconds_;  // since the epoch, of the last success
};

}  // namespace rollcall::ops
