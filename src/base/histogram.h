// A histogram that any thread may fill without a lock, and a scrape may read meanwhile.
//
// Shape    upper bounds, fixed at birth, and one more bucket for what is above them all.
// Units    the filler's: seconds, counts.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rollcall {

class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

  // count bounds: first, first * factor, first * factor^2 …
  [[nodiscard]] static std::vector<double> exponential(double first, double factor, std::size_t count) {
    std::vector<double> bounds(count);
    for (double& bound : bounds) {
      bound = first;
      first *= factor;
    }
    return bounds;
  }

  void record(double value) noexcept {
    const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  struct Snapshot {
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;  // one more than bounds; not cumulative
    double sum = 0;
  };
  [[nodiscard]] Snapshot snapshot() const {
    Snapshot copy{bounds_, std::vector<std::uint64_t>(counts_.size()), sum_.load(std::memory_order_relaxed)};
    std::ranges::transform(counts_, copy.counts.begin(),
                           [](const auto& count) { return count.load(std::memory_order_relaxed); });
    return copy;
  }

 private:
  const std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

}  // namespace rollcall
