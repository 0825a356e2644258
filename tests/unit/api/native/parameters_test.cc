#include "api/native/parameters.h"

#include <string>

#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native {
namespace {

Result<Parameters> read(std::string_view query, Takes takes = Takes::tag | Takes::status) {
  const testing::FakeServer server;
  const NativeDoor door(server);
  const testing::TwoZones zones;
  const Result<Query> sent = Query::parse(query, door.manners().parameters);
  const auto checked = check_parameters(door, static_cast<ParameterSet>(takes), sent, zones);
  if (!checked) return std::unexpected(checked.error());
  return parameters_of(*sent, zones);
}
std::string wrong_field(std::string_view query, Takes takes = Takes::tag | Takes::status) {
  const auto parameters = read(query, takes);
  return parameters ? "none" : parameters.error().field;
}

TEST_CASE("parameters are read, and empty ones between ampersands are nothing") {
  const auto parameters = read("&zone=lab.example&tag=%42lue&status=draining&");
  REQUIRE(parameters.has_value());
  CHECK(parameters->zone == registry::ZoneId{1});
  CHECK(parameters->tag == "blue");
  CHECK(parameters->status == registry::Status::draining);
  CHECK_FALSE(read("")->zone.has_value());
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
  CHECK(read("zone=nowhere.example").error().code == Errc::unknown_zone);
  CHECK(wrong_field(std::string(5000, 'x') + "=1").size() == 64);
}

TEST_CASE("what stands in memory behind a query is no part of it") {
  const std::string_view buffer = "zone=lab.example HTTP/1.1";
  const auto parameters = read(buffer.substr(0, buffer.find(' ')));
  REQUIRE(parameters.has_value());
  CHECK(parameters->zone == registry::ZoneId{1});
}

}  // namespace
}  // namespace rollcall::api::native
