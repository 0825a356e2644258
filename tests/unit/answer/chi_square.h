// Whether counts came from the distribution they should have come from: Pearson's test.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rollcall::answer::testing {

// How often chance is asked before its answers are counted.
inline constexpr int k_draws = 100'000;

inline double chi_square(const std::vector<std::uint64_t>& counts, const std::vector<double>& shares) {
  double draws = 0;
  double whole = 0;
  for (const std::uint64_t count : counts) draws += static_cast<double>(count);
  for (const double share : shares) whole += share;
  double sum = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double expected = draws * shares[i] / whole;
    const double off = static_cast<double>(counts.at(i)) - expected;
    sum += off * off / expected;
  }
  return sum;
}

// What one draw in a thousand exceeds, with this many cells (Wilson and Hilferty's approximation).
inline double chi_square_bound(std::size_t cells) {
  constexpr double k_deviations = 3.09;
  const double freedom = static_cast<double>(cells - 1);
  const double root = 1 - 2 / (9 * freedom) + k_deviations * std::sqrt(2 / (9 * freedom));
  return freedom * root * root * root;
}

inline bool fits(const std::vector<std::uint64_t>& counts, const std::vector<double>& shares) {
  return chi_square(counts, shares) < chi_square_bound(shares.size());
}

}  // namespace rollcall::answer::testing
