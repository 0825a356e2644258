// One check's results in a row, and the instants it runs at.
#include "health/check_state.h"

#include "catch.h"
#include "health/timing.h"

namespace rollcall::health {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a check goes down after `fall` failures in a row and up after `rise` passes in a row") {
  Check check;
  check.rise = 2;
  check.fall = 3;
  CheckState state(true);
  CHECK_FALSE(state.record(false, check));
  CHECK_FALSE(state.record(false, check));
  CHECK(state.is_wavering());
  CHECK_FALSE(state.record(true, check));  // the count begins again
  CHECK_FALSE(state.is_wavering());
  CHECK_FALSE(state.record(false, check));
  CHECK_FALSE(state.record(false, check));
  CHECK(state.record(false, check));
  CHECK_FALSE(state.is_up());
  CHECK_FALSE(state.record(true, check));
  CHECK(state.record(true, check));
  CHECK(state.is_up());
}

TEST_CASE("a phase lies within its interval, and two checks of an instance have different ones") {
  for (std::uint64_t instance = 0; instance < 1000; ++instance) {
    CHECK(phase_of(instance, 0, 10s) < 10s);
    CHECK(phase_of(instance, 0, 10s) == phase_of(instance, 0, 10s));
  }
  CHECK(phase_of(7, 0, 10s) != phase_of(7, 1, 10s));
}

TEST_CASE("a check runs at its phase and at each interval after it, also where time has just begun") {
  CHECK(next_run(LeaseTime(0ms), 400ms, 1s) == LeaseTime(400ms));
  CHECK(next_run(LeaseTime(400ms), 400ms, 1s) == LeaseTime(1400ms));
  CHECK(next_run(LeaseTime(1399ms), 400ms, 1s) == LeaseTime(1400ms));
}

TEST_CASE("an instance is silent when two heartbeats are missing") {
  CHECK(silent_from(LeaseTime(15s), 15s) == LeaseTime(10s));
}

}  // namespace
}  // namespace rollcall::health
