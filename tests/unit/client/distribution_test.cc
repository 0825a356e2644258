// The policies against theory: chi-square over 100,000 picks, from fixed seeds.
#include <cmath>
#include <map>
#include <string>

#include "catch.h"
#include "rollcall/balancer.h"

namespace rollcall {
namespace {

constexpr int k_picks = 100'000;
using Shares = std::map<std::string, double>;  // expected, of 1

std::vector<Endpoint> endpoints(const std::vector<std::uint16_t>& weights) {
  std::vector<Endpoint> made;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    made.push_back({.target = "i-" + std::to_string(i), .port = 80, .priority = 1, .weight = weights[i]});
  }
  return made;
}

std::vector<Endpoint> equal_endpoints(std::size_t count) { return endpoints(std::vector<std::uint16_t>(count, 1)); }

double chi_square(const std::map<std::string, int>& counts, const Shares& shares) {
  double sum = 0;
  for (const auto& [target, share] : shares) {
    const double expected = share * k_picks;
    const auto seen = counts.find(target);
    const double difference = (seen == counts.end() ? 0 : seen->second) - expected;
    sum += difference * difference / expected;
  }
  return sum;
}

// What chi-square exceeds once in a thousand, for so many degrees of freedom (Wilson and Hilferty).
double critical(std::size_t degrees) {
  const double d = static_cast<double>(degrees);
  return d * std::pow(1 - 2 / (9 * d) + 3.0902 * std::sqrt(2 / (9 * d)), 3);
}

void check_shares(std::vector<Endpoint> all, PickOptions options, const Shares& shares, bool has_keys = false) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Balancer balancer;
    balancer.set_endpoints(all);
    for (std::size_t i = 0; i < all.size(); ++i) balancer.report_load(all[i], static_cast<double>(i));
    Balancer::Random random(seed);
    std::map<std::string, int> counts;
    for (int i = 0; i < k_picks; ++i) {
      if (has_keys) options.key = std::to_string(seed) + "/user-" + std::to_string(i);
      ++counts[balancer.pick(options, {}, random)->target];
    }
    INFO("seed " << seed);
    CHECK(chi_square(counts, shares) < critical(shares.size() - 1));
  }
}

Shares shares_of(const std::vector<double>& weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  Shares shares;
  for (std::size_t i = 0; i < weights.size(); ++i) shares["i-" + std::to_string(i)] = weights[i] / sum;
  return shares;
}

TEST_CASE("by weight, each is picked by its share; a weight of 0 is a hundredth of 1 (RFC 2782)") {
  check_shares(endpoints({10, 20, 70}), {}, shares_of({10, 20, 70}));
  check_shares(endpoints({1, 1, 1, 1, 1}), {}, shares_of({1, 1, 1, 1, 1}));
  check_shares(endpoints({0, 1, 3}), {}, shares_of({0.01, 1, 3}));
  check_shares(endpoints({0, 0, 0, 0}), {}, shares_of({1, 1, 1, 1}));
  check_shares(endpoints({65535, 65535, 1000}), {}, shares_of({65535, 65535, 1000}));
}

TEST_CASE("least recently failed, while nobody has failed, is by weight") {
  check_shares(endpoints({10, 20, 70}), {.policy = Policy::least_recently_failed}, shares_of({10, 20, 70}));
}

TEST_CASE("of n endpoints of one weight and rising load, two choices pick the k-th in (n-1-k) of n(n-1)/2") {
  check_shares(equal_endpoints(6), {.policy = Policy::two_choices}, shares_of({5, 4, 3, 2, 1, 1e-9}));
}

TEST_CASE("keys spread over the endpoints by weight") {
  check_shares(equal_endpoints(10), {.policy = Policy::consistent_hash}, shares_of({1, 1, 1, 1, 1, 1, 1, 1, 1, 1}),
               true);
  check_shares(endpoints({1, 2, 7}), {.policy = Policy::consistent_hash}, shares_of({1, 2, 7}), true);
}

TEST_CASE("in turn, everyone has its share to a pick") {
  Balancer balancer;
  balancer.set_endpoints(equal_endpoints(7));
  Balancer::Random random(1);
  std::map<std::string, int> counts;
  for (int i = 0; i < k_picks; ++i) ++counts[balancer.pick({.policy = Policy::round_robin}, {}, random)->target];
  for (const auto& [target, count] : counts) CHECK(std::abs(count - k_picks / 7) <= 1);
}

TEST_CASE("the order to try all in has each first by its share of the weights") {
  Balancer balancer;
  balancer.set_endpoints(endpoints({1, 2, 7}));
  Balancer::Random random(5);
  std::map<std::string, int> counts;
  for (int i = 0; i < k_picks; ++i) ++counts[balancer.in_order(random).front().target];
  CHECK(chi_square(counts, shares_of({1, 2, 7})) < critical(2));
}

std::string home_of(Balancer& balancer, int key) {
  Balancer::Random random;
  return balancer.pick({.policy = Policy::consistent_hash, .key = "key-" + std::to_string(key)}, {}, random)->target;
}

TEST_CASE("when one of n leaves, only its keys move, and these are at most 1/n and a hundredth") {
  for (const std::size_t n : {2U, 3U, 10U, 50U}) {
    std::vector<Endpoint> all = equal_endpoints(n);
    Balancer before;
    before.set_endpoints(all);
    const std::string gone = all.back().target;
    all.pop_back();
    Balancer after;
    after.set_endpoints(all);
    int moved = 0;
    for (int key = 0; key < k_picks; ++key) {
      const std::string home = home_of(before, key);
      if (home == home_of(after, key)) continue;
      ++moved;
      REQUIRE(home == gone);
    }
    INFO(n);
    CHECK(moved <= k_picks * (1.0 / static_cast<double>(n) + 0.01));
    CHECK(moved > 0);
  }
}

}  // namespace
}  // namespace rollcall
