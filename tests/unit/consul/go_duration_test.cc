#include "consul/go_duration.h"

#include "catch.h"

namespace rollcall::consul {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations as Go reads and shows them") {
  const std::pair<const char*, std::chrono::nanoseconds> right[] = {
      {"0", 0ns},       {"0s", 0ns},     {"10s", 10s},   {"1m30s", 90s}, {"1h2m3s", 3723s},
      {"500ms", 500ms}, {"1.5h", 90min}, {".5s", 500ms}, {"1us", 1us},   {"1\xc2\xb5s", 1us},
      {"3ns", 3ns},     {"-2s", -2s},    {"+1s", 1s}};
  for (const auto& [text, duration] : right) CHECK(parse_go_duration(text) == std::optional(duration));
  for (const char* wrong : {"", "1", "s", "1x", "1s1", "1 s", "-", "1.2.3s", "99999999h", "."}) {
    CHECK_FALSE(parse_go_duration(wrong).has_value());
  }
  CHECK(format_go_duration(0ms) == "0s");
  CHECK(format_go_duration(500ms) == "500ms");
  CHECK(format_go_duration(90s) == "1m30s");
  CHECK(format_go_duration(1h) == "1h0m0s");
  CHECK(format_go_duration(1500ms) == "1.5s");
}

}  // namespace
}  // namespace rollcall::consul
