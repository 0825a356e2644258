#include "api/target.h"

#include <string>

#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api {
namespace {

TEST_CASE("a target is a path of segments and a query") {
  const auto target = parse_target("/v1/services/web?zone=a&tag=b");
  REQUIRE(target.has_value());
  CHECK(target->path == "/v1/services/web");
  CHECK(target->query == "zone=a&tag=b");
  REQUIRE(target->segment_count == 3);
  CHECK(target->segments[2] == "web");
  CHECK(parse_target("/")->segment_count == 1);
  CHECK(parse_target("/a/")->segment_count == 2);
  CHECK(parse_target("/1/2/3/4/5/6")->segment_count == 6);
  CHECK(parse_target("/1/2/3/4/5/6/7")->segment_count == 7);
  CHECK(parse_target("/" + std::string(4000, '/'))->segment_count == 7);
}

TEST_CASE("the absolute form leads to the same path") {
  const auto target = parse_target("http://192.0.2.1:8500/v1/status?zone=a");
  REQUIRE(target.has_value());
  CHECK(target->path == "/v1/status");
  CHECK(target->query == "zone=a");
}

TEST_CASE("what is no URL is no target") {
  for (const char* text : {"", "*", "v1/status", "/a b", "/\"", "/%", "/%2", "/%zz", "/a?b=%g1", "/a#b", "/\xc3\xa4",
                           "/a\nb", "mailto:web", "192.0.2.1:443"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_target(text).has_value());
  }
}

TEST_CASE("only what was encoded is decoded") {
  std::string room;
  CHECK(decode("a+b", room) == "a+b");
  CHECK(decode("a%2Fb%25", room) == "a/b%");
  CHECK(decode("%c3%a4", room) == "ä");
}

}  // namespace
}  // namespace rollcall::api
