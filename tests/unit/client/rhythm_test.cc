#include "client/rhythm.h"

#include "catch.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST_CASE("a heartbeat comes every third of the lease, give or take a tenth of that") {
  Rhythm rhythm(15s);
  Rhythm::Random random(1);
  milliseconds least = 1h;
  milliseconds most = 0ms;
  for (int i = 0; i < 1000; ++i) {
    const milliseconds wait = rhythm.after_acknowledgement(random);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  CHECK(least >= 4'500ms);
  CHECK(least < 4'600ms);
  CHECK(most <= 5'500ms);
  CHECK(most > 5'400ms);
}

bool is_about(milliseconds wait, milliseconds expected) {
  return wait >= expected * 8 / 10 && wait <= expected * 12 / 10;
}

TEST_CASE("after errors it comes later each time, up to a third of the lease, and 5 s") {
  Rhythm::Random random(1);
  Rhythm of_short(3s);
  CHECK(is_about(of_short.after_error(0ms, random), 250ms));
  CHECK(is_about(of_short.after_error(0ms, random), 500ms));
  for (int i = 0; i < 40; ++i) CHECK(is_about(of_short.after_error(0ms, random), 1s));
  Rhythm of_long(1h);
  for (int i = 0; i < 10; ++i) (void)of_long.after_error(0ms, random);
  CHECK(is_about(of_long.after_error(0ms, random), 5s));
  (void)of_long.after_acknowledgement(random);
  CHECK(is_about(of_long.after_error(0ms, random), 250ms));
}

TEST_CASE("a Retry-After is honoured, up to a minute; one that is sooner changes nothing") {
  Rhythm::Random random(1);
  Rhythm rhythm(15s);
  CHECK(rhythm.after_error(7s, random) == 7s);
  CHECK(rhythm.after_error(60s, random) == 60s);
  CHECK(rhythm.after_error(61s, random) == 60s);
  CHECK(is_about(rhythm.after_error(1ms, random), 2s));
}

}  // namespace
}  // namespace rollcall::client
