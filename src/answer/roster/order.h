// The order of an answer's records: a fresh weighted random permutation per query.
//
// Shape    of `count` things, the first `take` of a random order in which the chance to come first among those left
//          is each one's share of the weights. A weight of 0 is a very small one (RFC 2782: "a very small chance of
//          being selected").
// Source   RFC 2782, "Weight"; Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006: sorting by
//          exponential variates of rate w gives exactly that order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/random.h"

namespace rollcall::answer {

// What a weight of 0 counts as, beside weights of at least 1.
inline constexpr double k_weight_of_zero = 0.01;

class Order {
 public:
  // All weights equal: `take` draws of Fisher and Yates. Valid until the next call.
  std::span<const std::uint32_t> draw(std::uint32_t count, std::uint32_t take, Random& random) {
    positions_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) positions_[i] = i;
    for (std::uint32_t i = 0; i < take && i + 1 < count; ++i) {
      std::swap(positions_[i], positions_[i + random.below(count - i)]);
    }
    return std::span(positions_).first(take);
  }

  std::span<const std::uint32_t> draw(std::span<const std::uint32_t> weights, std::uint32_t take, Random& random) {
    keyed_.clear();
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      const double rate = weights[i] == 0 ? k_weight_of_zero : static_cast<double>(weights[i]);
      keyed_.emplace_back(-std::log(random.unit()) / rate, i);
    }
    std::ranges::partial_sort(keyed_, keyed_.begin() + take);
    positions_.resize(take);
    for (std::uint32_t i = 0; i < take; ++i) positions_[i] = keyed_[i].second;
    return positions_;
  }

 private:
  std::vector<std::uint32_t> positions_;
  std::vector<std::pair<double, std::uint32_t>> keyed_;
};

}  // namespace rollcall::answer
