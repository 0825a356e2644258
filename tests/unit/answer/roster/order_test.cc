#include "answer/roster/order.h"

#include <map>
#include <numeric>
#include <vector>

#include "catch.h"
#include "unit/answer/chi_square.h"

namespace rollcall::answer {
namespace {

using testing::fits;
using testing::k_draws;
using Positions = std::vector<std::uint32_t>;

// How often each order came, of all there are, in lexicographic order.
template <class Draw>
std::vector<std::uint64_t> count_orders(std::uint32_t count, Draw&& draw) {
  std::map<Positions, std::uint64_t> seen;
  Positions order(count);
  std::iota(order.begin(), order.end(), 0U);
  do {
    seen[order] = 0;
  } while (std::ranges::next_permutation(order).found);
  const std::size_t orders = seen.size();
  for (int i = 0; i < k_draws; ++i) {
    const auto drawn = draw();
    ++seen[Positions(drawn.begin(), drawn.end())];
  }
  REQUIRE(seen.size() == orders);  // every draw was a permutation
  std::vector<std::uint64_t> counts;
  for (const auto& [positions, times] : seen) counts.push_back(times);
  return counts;
}

TEST_CASE("things of equal weight come in every order equally often") {
  Order order;
  Random random(1);
  CHECK(fits(count_orders(5, [&] { return order.draw(5, 5, random); }), std::vector<double>(120, 1.0)));
  const Positions weights(5, 7);
  CHECK(fits(count_orders(5, [&] { return order.draw(weights, 5, random); }), std::vector<double>(120, 1.0)));
  const Positions zeros(4, 0);
  CHECK(fits(count_orders(4, [&] { return order.draw(zeros, 4, random); }), std::vector<double>(24, 1.0)));
}

TEST_CASE("the chance to come next is one's share of the weights that are left") {
  Order order;
  Random random(2);
  const Positions weights{1, 2, 3, 10};
  std::vector<double> shares;
  Positions positions{0, 1, 2, 3};
  do {
    double left = 16;
    double share = 1;
    for (const std::uint32_t i : positions) {
      share *= weights[i] / left;
      left -= weights[i];
    }
    shares.push_back(share);
  } while (std::ranges::next_permutation(positions).found);
  CHECK(fits(count_orders(4, [&] { return order.draw(weights, 4, random); }), shares));
}

TEST_CASE("the first of many are drawn as if all were") {
  Order order;
  Random random(3);
  const Positions weights{1, 2, 3, 10};
  std::vector<std::uint64_t> weighted(4);
  std::vector<std::uint64_t> equal(4);
  for (int i = 0; i < k_draws; ++i) {
    const auto drawn = order.draw(weights, 1, random);
    REQUIRE(drawn.size() == 1);
    ++weighted.at(drawn[0]);
    const auto pair = order.draw(4, 2, random);
    REQUIRE(pair.size() == 2);
    REQUIRE(pair[0] != pair[1]);
    ++equal.at(pair[1]);
  }
  CHECK(fits(weighted, {1, 2, 3, 10}));
  CHECK(fits(equal, {1, 1, 1, 1}));
}

TEST_CASE("a weight of 0 comes first rarely, but it does") {
  Order order;
  Random random(4);
  const Positions weights{0, 1};
  std::vector<std::uint64_t> first(2);
  for (int i = 0; i < k_draws; ++i) ++first.at(order.draw(weights, 2, random)[0]);
  CHECK(first[0] > 0);
  CHECK(first[0] < k_draws / 50);
  CHECK(fits(first, {k_weight_of_zero, 1}));
}

TEST_CASE("the largest weights and the smallest go together") {
  Order order;
  Random random(5);
  const Positions weights{1, 65535};
  std::vector<std::uint64_t> first(2);
  for (int i = 0; i < 10 * k_draws; ++i) ++first.at(order.draw(weights, 1, random)[0]);
  CHECK(first[0] > 0);
  CHECK(fits(first, {1, 65535}));
}

TEST_CASE("one thing has one order, and nothing has none") {
  Order order;
  Random random(6);
  CHECK(order.draw(1, 1, random).size() == 1);
  CHECK(order.draw(3, 0, random).empty());
  CHECK(order.draw(0, 0, random).empty());
  CHECK(order.draw(Positions{5}, 1, random).front() == 0);
  CHECK(order.draw(Positions{}, 0, random).empty());
}

}  // namespace
}  // namespace rollcall::answer
