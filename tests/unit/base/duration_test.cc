#include "base/duration.h"

#include "base/random.h"
#include "catch.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a duration is counts with units, largest unit first") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("15s") == 15s);
  CHECK(parse_duration("1m30s") == 90s);
  CHECK(parse_duration("24h") == 24h);
  CHECK(parse_duration("1d2h3m4s5ms") == 26h + 3min + 4s + 5ms);
  CHECK(parse_duration("0s") == 0ms);
  CHECK(parse_duration("90m") == 90min);
  CHECK(parse_duration("007s") == 7s);
}

TEST_CASE("what is no duration is refused") {
  for (const char* text :
       {"",   "s",  "15",  "1.5s", "-1s",   "+1s",   " 1s",  "1s ",  "1 s",  "1S",
        "1M", "1w", "1us", "1s1s", "30s1m", "1ms1s", "1m30", "soon", "0x1s", "99999999999999999999s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
  CHECK_FALSE(parse_duration(std::string_view("1s\0", 3)).has_value());
}

TEST_CASE("10,000 days are a duration, and a millisecond more is none") {
  CHECK(parse_duration("10000d") == 240'000h);
  CHECK_FALSE(parse_duration("10000d1ms").has_value());
  CHECK_FALSE(parse_duration("9223372036854775807ms").has_value());
  CHECK_FALSE(parse_duration("9999d25h").has_value());
}

TEST_CASE("a duration is written as shortly as it can be read back") {
  CHECK(format_duration(0ms) == "0s");
  CHECK(format_duration(500ms) == "500ms");
  CHECK(format_duration(15s) == "15s");
  CHECK(format_duration(90s) == "1m30s");
  CHECK(format_duration(24h) == "1d");
  CHECK(format_duration(1h + 1ms) == "1h1ms");
  Random random(1);
  for (int round = 0; round < 10'000; ++round) {
    const std::chrono::milliseconds duration(random.below(4'000'000'000U) >> random.below(32));
    CAPTURE(duration.count());
    REQUIRE(parse_duration(format_duration(duration)) == duration);
  }
}

}  // namespace
}  // namespace rollcall
