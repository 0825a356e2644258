// A histogram of durations: buckets of 1/32 of a power of two, so a quantile is within 3 % of the truth.
//
// Shape    value type, 15 KiB; nanoseconds.
// Threads  one.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rollcall::bench {

class Latencies {
 public:
  void add(std::uint64_t ns) {
    ++buckets_[bucket_of(ns)];
    ++count_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

  // The duration below which this share (0 … 1) of all lie, in microseconds; 0 when there are none.
  [[nodiscard]] double quantile_us(double share) const {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      below += buckets_[i];
      if (below > rank) return middle_ns(i) / 1000.0;
    }
    return 0;
  }

 private:
  static constexpr unsigned k_step_bits = 5;
  static constexpr std::size_t k_steps = std::size_t{1} << k_step_bits;

  static std::size_t bucket_of(std::uint64_t ns) {
    if (ns < k_steps) return ns;
    const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - k_step_bits;
    return (std::size_t{shift} + 1) * k_steps + ((ns >> shift) - k_steps);
  }
  static double middle_ns(std::size_t bucket) {
    if (bucket < k_steps) return static_cast<double>(bucket);
    const std::size_t shift = bucket / k_steps - 1;
    const double start = static_cast<double>((bucket % k_steps + k_steps) << shift);
    return start + static_cast<double>(std::uint64_t{1} << shift) / 2;
  }

  std::array<std::uint64_t, (64 - k_step_bits + 1) * k_steps> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace rollcall::bench
