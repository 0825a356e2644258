#include "registry/instance/lease_clock.h"

#include <atomic>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "catch.h"

namespace rollcall::registry {
namespace {

using namespace std::chrono_literals;
using limits::k_clock_gap_max;
using limits::k_clock_tick;

constexpr LeaseClock::Monotonic k_start{5h};

// The server runs: a tick every k_clock_tick for `duration` from `from`. Returns the instant of the last one.
LeaseClock::Monotonic run(LeaseClock& clock, LeaseClock::Monotonic from, std::chrono::nanoseconds duration) {
  const LeaseClock::Monotonic end = from + duration;
  while (from < end) {
    from += k_clock_tick;
    CHECK(clock.tick(from) == 0ns);
  }
  return from;
}

TEST_CASE("lease time runs with the monotonic clock while the server runs") {
  LeaseClock clock(k_start);
  const LeaseTime begin = clock.at(k_start);
  const auto last = run(clock, k_start, 10s);
  CHECK(clock.at(last) == begin + 10s);
  CHECK(clock.at(last + 7ms) == begin + 10s + 7ms);
  CHECK(clock.given_back() == 0ns);
}

TEST_CASE("lease time does not drift over a day of ticks that come when they can") {
  LeaseClock clock(k_start);
  const LeaseTime begin = clock.at(k_start);
  LeaseClock::Monotonic now = k_start;
  for (std::int64_t i = 0; i < 1'000'000; ++i) {
    now += k_clock_tick + std::chrono::nanoseconds((i * 7919) % 76'000'000);
    clock.tick(now);
  }
  CHECK(clock.at(now) - begin == now - k_start);
}

TEST_CASE("lease time begins later than the instant that means an ended lease") {
  const LeaseClock clock(LeaseClock::Monotonic{});  // a machine that has just started
  CHECK(clock.at(LeaseClock::Monotonic{}).time_since_epoch() > 0ns);
}

TEST_CASE("lease time stands still while it is held, and goes on from there") {
  LeaseClock clock(k_start);
  const auto held = run(clock, k_start, 1s);
  const LeaseTime then = clock.at(held);
  clock.hold(held);
  CHECK(clock.at(held + 50ms) == then);
  CHECK(clock.at(held + 10min) == then);
  clock.resume(held + 10min);
  CHECK(clock.at(held + 10min) == then);
  const auto last = run(clock, held + 10min, 1s);
  CHECK(clock.at(last) == then + 1s);
  CHECK(clock.given_back() == 10min);
}

TEST_CASE("a pause of the server is given back as a whole") {
  LeaseClock clock(k_start);
  const auto last = run(clock, k_start, 1s);
  const LeaseTime before = clock.at(last);
  CHECK(clock.tick(last + 5s) == 5s);
  CHECK(clock.at(last + 5s) == before);
  CHECK(clock.given_back() == 5s);
  SECTION("and time goes on at its pace") {
    const auto later = run(clock, last + 5s, 2s);
    CHECK(clock.at(later) == before + 2s);
  }
  SECTION("and so is the next one") {
    const auto later = run(clock, last + 5s, 1s);
    CHECK(clock.tick(later + 1h) == 1h);
    CHECK(clock.at(later + 1h) == before + 1s);
    CHECK(clock.given_back() == 1h + 5s);
  }
}

TEST_CASE("a gap of the bound is time, one nanosecond more is a pause") {
  LeaseClock clock(k_start);
  const auto last = run(clock, k_start, 1s);
  const LeaseTime before = clock.at(last);
  SECTION("the bound") {
    CHECK(clock.tick(last + k_clock_gap_max) == 0ns);
    CHECK(clock.at(last + k_clock_gap_max) == before + k_clock_gap_max);
  }
  SECTION("more than the bound") {
    CHECK(clock.tick(last + k_clock_gap_max + 1ns) == k_clock_gap_max + 1ns);
    CHECK(clock.at(last + k_clock_gap_max + 1ns) == before);
  }
}

TEST_CASE("a reader that wakes before the ticker is at most the bound ahead") {
  LeaseClock clock(k_start);
  const auto last = run(clock, k_start, 1s);
  const LeaseTime before = clock.at(last);
  CHECK(clock.at(last + k_clock_gap_max) == before + k_clock_gap_max);
  CHECK(clock.at(last + k_clock_gap_max + 1ns) == before + k_clock_gap_max);
  CHECK(clock.at(last + 24h) == before + k_clock_gap_max);
}

TEST_CASE("the present is where the monotonic clock says it is") {
  const auto instant = std::chrono::steady_clock::now();
  const LeaseClock clock(instant);
  const LeaseTime now = clock.now();
  CHECK(now >= clock.at(instant));
  CHECK(now <= clock.at(instant) + k_clock_gap_max);
}

TEST_CASE("readers that race with the ticker never see a pause") {
  LeaseClock clock(k_start);
  const LeaseTime begin = clock.at(k_start);
  std::atomic<std::int64_t> ticked_ns{begin.time_since_epoch().count()};  // lease time of a tick that is done
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      while (!done) {
        const std::int64_t before = ticked_ns.load();
        // As late as can be: whatever ceiling and offset it sees, the pair is what is tried here.
        const std::int64_t seen = clock.at(k_start + 1000h).time_since_epoch().count();
        const std::int64_t after = ticked_ns.load();
        const std::int64_t bound = std::chrono::nanoseconds(k_clock_gap_max + k_clock_tick).count();
        if (seen < before || seen > after + bound) ++wrong;
      }
    });
  }
  LeaseClock::Monotonic now = k_start;
  for (int i = 0; i < 20'000; ++i) {
    const bool pauses = i % 5 == 4;
    now += pauses ? std::chrono::nanoseconds(1s) : std::chrono::nanoseconds(k_clock_tick);
    clock.tick(now);
    ticked_ns = clock.at(now).time_since_epoch().count();
  }
  done = true;
  readers.clear();
  CHECK(wrong == 0);
  CHECK(clock.at(now) == begin + 16'000 * k_clock_tick);
}

}  // namespace
}  // namespace rollcall::registry
