#include "base/random.h"

#include <vector>

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("the generator is xoshiro256** seeded by splitmix64") {
  Random random(0);
  // The first outputs of the authors' reference code for seed 0.
  CHECK(random.next() == 0x99ec5f36cb75f2b4U);
  CHECK(random.next() == 0xbf6e1f784956452aU);
  CHECK(random.next() == 0x1a5f849d4933e6e0U);
}

TEST_CASE("the same seed gives the same numbers, another seed others") {
  Random a(5);
  Random b(5);
  Random c(6);
  const std::uint64_t first = a.next();
  CHECK(first == b.next());
  CHECK(first != c.next());
  CHECK(Random::from_system().next() != Random::from_system().next());
}

TEST_CASE("a number below a bound is below it, and 1 leaves only 0") {
  Random random(1);
  for (int round = 0; round < 1'000; ++round) {
    REQUIRE(random.below(1) == 0);
    REQUIRE(random.below(7) < 7);
    REQUIRE(random.below(0xffff'ffffU) < 0xffff'ffffU);
  }
}

TEST_CASE("numbers below a bound are uniform by the chi-square test") {
  struct Bound {
    std::uint32_t bound;
    double chi_square_max;  // one in 10^6 is above, for bound - 1 degrees of freedom
  };
  for (const Bound& each : {Bound{2, 23.93}, Bound{3, 27.63}, Bound{7, 38.26}, Bound{10, 45.08}, Bound{100, 180.8}}) {
    CAPTURE(each.bound);
    Random random(2024);
    std::vector<std::size_t> counts(each.bound);
    constexpr std::size_t k_draws = 1'000'000;
    for (std::size_t draw = 0; draw < k_draws; ++draw) ++counts[random.below(each.bound)];
    const double expected = static_cast<double>(k_draws) / each.bound;
    double chi_square = 0;
    for (const std::size_t count : counts) {
      const double off = static_cast<double>(count) - expected;
      chi_square += off * off / expected;
    }
    CHECK(chi_square < each.chi_square_max);
  }
}

TEST_CASE("a unit draw is above 0, at most 1, and 1/2 on average") {
  Random random(3);
  double sum = 0;
  for (int draw = 0; draw < 100'000; ++draw) {
    const double unit = random.unit();
    REQUIRE(unit > 0.0);
    REQUIRE(unit <= 1.0);
    sum += unit;
  }
  CHECK(sum / 100'000 == Approx(0.5).margin(0.01));
}

}  // namespace
}  // namespace rollcall
