#include "registry/instance/wall_time.h"

#include "base/limits.h"
#include "catch.h"

namespace rollcall::registry {
namespace {

TEST_CASE("a time is read as it was written") {
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1}, std::int64_t{951'782'400'000},
                                std::int64_t{1'790'000'000'123}, limits::k_stored_time_max.count()}) {
    const WallTime time{std::chrono::milliseconds(ms)};
    CHECK(parse_wall_time(format_wall_time(time)) == time);
  }
}

TEST_CASE("a time may have an offset, and any decimals") {
  const auto time = parse_wall_time("2026-01-31T09:30:00.250Z");
  REQUIRE(time.has_value());
  CHECK(parse_wall_time("2026-01-31t10:30:00.25+01:00") == time);
  CHECK(parse_wall_time("2026-01-31 07:00:00.250999999-02:30") == time);
  CHECK(parse_wall_time("1969-12-31T23:00:00-01:00") == WallTime{});
}

TEST_CASE("what is no time is none") {
  for (const std::string_view text :
       {"", "now", "2026-01-31", "2026-01-31T09:30:00", "2026-02-30T09:30:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T09:30:00.Z", "2026-01-31T09:30:00Z ", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00",
        "2026-1-31T09:30:00Z", "2026-01-31T09:30:00+1:00", "+026-01-31T09:30:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_wall_time(text).has_value());
  }
}

}  // namespace
}  // namespace rollcall::registry
