#include "base/histogram.h"

#include <numeric>
#include <thread>

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("a value falls into the first bucket whose bound it does not exceed") {
  Histogram histogram({1, 2, 4});
  for (const double value : {0.0, 1.0, 1.5, 2.0, 2.1, 4.0, 4.5, 100.0}) histogram.record(value);
  const Histogram::Snapshot snapshot = histogram.snapshot();
  CHECK(snapshot.bounds == std::vector<double>{1, 2, 4});
  CHECK(snapshot.counts == std::vector<std::uint64_t>{2, 2, 2, 2});
  CHECK(snapshot.sum == Approx(115.1));
}

TEST_CASE("a histogram without bounds still counts") {
  Histogram histogram({});
  histogram.record(3);
  CHECK(histogram.snapshot().counts == std::vector<std::uint64_t>{1});
}

TEST_CASE("exponential bounds grow by their factor") {
  CHECK(Histogram::exponential(0.5, 2, 4) == std::vector<double>{0.5, 1, 2, 4});
  CHECK(Histogram::exponential(1, 10, 0).empty());
}

TEST_CASE("nothing recorded by several threads at once is lost") {
  Histogram histogram({1, 2});
  constexpr int k_threads = 4;
  constexpr int k_each = 10'000;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < k_threads; ++thread) {
      threads.emplace_back([&histogram] {
        for (int each = 0; each < k_each; ++each) histogram.record(each % 3 + 0.5);
      });
    }
    static_cast<void>(histogram.snapshot());  // a scrape meanwhile
  }
  const Histogram::Snapshot snapshot = histogram.snapshot();
  CHECK(std::accumulate(snapshot.counts.begin(), snapshot.counts.end(), std::uint64_t{0}) == k_threads * k_each);
}

}  // namespace
}  // namespace rollcall
