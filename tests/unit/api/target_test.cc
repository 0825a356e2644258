#include "api/target.h"

#include <string>

#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api {
namespace {

Result<Parameters> parameters_of(std::string_view query, Takes takes = Takes::tag | Takes::status) {
  return parse_parameters(query, takes, testing::TwoZones());
}
std::string wrong_field(std::string_view query, Takes takes = Takes::tag | Takes::status) {
  const auto parameters = parameters_of(query, takes);
  return parameters ? "none" : parameters.error().field;
}

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

TEST_CASE("parameters are read, and empty ones between ampersands are nothing") {
  const auto parameters = parameters_of("&zone=lab.example&tag=%42lue&status=draining&");
  REQUIRE(parameters.has_value());
  CHECK(parameters->zone == registry::ZoneId{1});
  CHECK(parameters->tag == "blue");
  CHECK(parameters->status == registry::Status::draining);
  CHECK_FALSE(parameters_of("")->zone.has_value());
}

TEST_CASE("a parameter that is unknown, wrong or given twice is named") {
  CHECK(wrong_field("zones=svc.internal") == "zones");
  CHECK(wrong_field("tag=blue", Takes::nothing) == "tag");
  CHECK(wrong_field("status=ready", Takes::nothing) == "status");
  CHECK(wrong_field("index=x", Takes::index) == "index");
  CHECK(wrong_field("index=-1", Takes::index) == "index");
  CHECK(wrong_field("limit=0", Takes::limit) == "limit");
  CHECK(wrong_field("limit=10001", Takes::limit) == "limit");
  CHECK(wrong_field("wait=-1s", Takes::wait) == "wait");
  CHECK(wrong_field("wait=", Takes::wait) == "wait");
  CHECK(wrong_field("name=", Takes::name) == "name");
  CHECK(wrong_field("index=7") == "index");
  CHECK(wrong_field("wait=30s") == "wait");
  CHECK(wrong_field("ZONE=svc.internal") == "ZONE");
  CHECK(wrong_field("tag=a_b") == "tag");
  CHECK(wrong_field("tag=") == "tag");
  CHECK(wrong_field("status=Ready") == "status");
  CHECK(wrong_field("status") == "status");
  CHECK(wrong_field("zone=svc.internal&zone=svc.internal") == "zone");
  CHECK(wrong_field("=x") == "");
  CHECK(parameters_of("zone=nowhere.example").error().code == Errc::unknown_zone);
  CHECK(wrong_field(std::string(5000, 'x') + "=1").size() == 64);
}

TEST_CASE("what stands in memory behind a query is no part of it") {
  const std::string_view buffer = "zone=lab.example HTTP/1.1";
  const auto parameters = parameters_of(buffer.substr(0, buffer.find(' ')));
  REQUIRE(parameters.has_value());
  CHECK(parameters->zone == registry::ZoneId{1});
}

}  // namespace
}  // namespace rollcall::api
