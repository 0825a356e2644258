// How long answers took, in buckets whose bounds are powers of two nanoseconds.
#include "answer/counters.h"

#include <chrono>

#include "catch.h"

namespace rollcall::answer {
namespace {

using std::chrono::nanoseconds;

std::size_t bucket_of(nanoseconds duration) {
  Counters counters;
  counters.count_duration(duration, 1);
  std::size_t found = Counters::k_durations;
  for (std::size_t bucket = 0; bucket < Counters::k_durations; ++bucket) {
    if (counters.durations(bucket) == 1) found = bucket;
  }
  return found;
}

TEST_CASE("a duration is in the first bucket whose bound it does not exceed") {
  constexpr std::int64_t k_first = std::int64_t{1} << Counters::k_first_bound_bit;
  constexpr std::int64_t k_last = std::int64_t{1} << Counters::k_last_bound_bit;
  CHECK(bucket_of(nanoseconds(-1)) == 0);
  CHECK(bucket_of(nanoseconds(0)) == 0);
  CHECK(bucket_of(nanoseconds(1)) == 0);
  CHECK(bucket_of(nanoseconds(k_first)) == 0);
  CHECK(bucket_of(nanoseconds(k_first + 1)) == 1);
  CHECK(bucket_of(nanoseconds(2 * k_first)) == 1);
  CHECK(bucket_of(nanoseconds(2 * k_first + 1)) == 2);
  CHECK(bucket_of(nanoseconds(k_last)) == Counters::k_durations - 2);
  CHECK(bucket_of(nanoseconds(k_last + 1)) == Counters::k_durations - 1);
  CHECK(bucket_of(nanoseconds::max()) == Counters::k_durations - 1);
}

TEST_CASE("all answers of a batch have its duration") {
  Counters counters;
  counters.count_duration(nanoseconds(5'000), 64);
  counters.count_duration(nanoseconds(100), 2);
  CHECK(counters.durations(0) == 2);
  CHECK(counters.durations(1) == 64);
  CHECK(counters.nanoseconds() == 5'000 * 64 + 100 * 2);
}

}  // namespace
}  // namespace rollcall::answer
