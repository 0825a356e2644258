// Heartbeats: of one instance, and of many.
#include <fmt/format.h>
#include <string>

#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view k_beat = "/v1/services/web/instances/i-1/heartbeat";

TEST_CASE("a heartbeat renews the lease and writes nothing") {
  World world;
  world.expect_registered("i-1");
  world.clock.advance(milliseconds(14'999));
  const Response response = world.post(k_beat);
  CHECK(response.status == 200);
  CHECK(response.body ==
        R"({"service":"web","zone":"svc.internal","id":"i-1","label":"i-1","status":"ready","ttl_ms":15000,)"
        R"("expires_in_ms":15000,"index":1})");
  world.clock.advance(milliseconds(14'999));
  CHECK(world.post("/v1/services/WEB/instances/%69-1/heartbeat").status == 200);
  CHECK(world.journal.records == 1);
  CHECK(world.counters.heartbeats == 2);
}

TEST_CASE("a heartbeat at the end of the lease comes too late") {
  World world;
  world.expect_registered("i-1");
  world.clock.advance(seconds(15));
  const Response response = world.post(k_beat);
  CHECK(problem_of(response) == "404 unknown_instance");
  CHECK(detail_of(response).find("register again") != std::string::npos);
  CHECK(world.counters.heartbeats_unknown == 1);
  CHECK(world.counters.heartbeats == 0);
}

TEST_CASE("a heartbeat of an instance nobody knows is a 404") {
  World world;
  CHECK(problem_of(world.post(k_beat)) == "404 unknown_instance");
  CHECK(problem_of(world.post("/v1/services/web/instances/a%2Fb/heartbeat")) == "400 invalid_field id");
  CHECK(problem_of(world.post("/v1/services/web/instances/%FF/heartbeat")) == "400 invalid_field id");
  CHECK(problem_of(world.post("/v1/services/w%20b/instances/a/heartbeat")) == "400 invalid_field service");
}

TEST_CASE("the body of a heartbeat may be empty or an object, and says nothing") {
  World world;
  world.expect_registered("i-1");
  CHECK(world.post(k_beat, "{}").status == 200);
  CHECK(world.post(k_beat, R"({"port":1})").status == 200);
  CHECK(problem_of(world.post(k_beat, "[]")) == "400 bad_json");
  CHECK(problem_of(world.post(k_beat, "{")) == "400 bad_json");
  CHECK(world.counters.heartbeats == 2);
}

TEST_CASE("many heartbeats in one call renew those there are and name the others") {
  World world;
  world.expect_registered("i-1");
  world.expect_registered("i-2");
  world.clock.advance(seconds(10));
  const Response response = world.post(
      "/v1/heartbeats",
      R"({"instances":[{"service":"web","id":"i-1"},{"id":"i-3","service":"WEB"},{"service":"web","id":"i-2"},)"
      R"({"service":"web","id":"i-1","zone":"lab.example"}]})");
  CHECK(response.status == 200);
  CHECK(response.body == R"({"renewed":2,"unknown":[{"service":"web","zone":"svc.internal","id":"i-3"},)"
                         R"({"service":"web","zone":"lab.example","id":"i-1"}]})");
  world.clock.advance(seconds(10));
  CHECK(world.get("/v1/services/web/instances/i-2").status == 200);
  CHECK(world.counters.heartbeats == 2);
  CHECK(world.counters.heartbeats_unknown == 2);
}

TEST_CASE("no heartbeats at all are fine") {
  World world;
  CHECK(world.post("/v1/heartbeats", R"({"instances":[]})").body == R"({"renewed":0,"unknown":[]})");
}

TEST_CASE("one wrong element of many renews nobody") {
  World world;
  world.expect_registered("i-1");
  const auto problem_with = [&](std::string_view second) {
    return problem_of(
        world.post("/v1/heartbeats", fmt::format(R"({{"instances":[{{"service":"web","id":"i-1"}},{}]}})", second)));
  };
  CHECK(problem_with("7") == "400 invalid_field instances[1]");
  CHECK(problem_with("{}") == "400 invalid_field instances[1].service");
  CHECK(problem_with(R"({"service":"web"})") == "400 invalid_field instances[1].id");
  CHECK(problem_with(R"({"service":"web","id":7})") == "400 invalid_field instances[1].id");
  CHECK(problem_with(R"({"service":"w b","id":"a"})") == "400 invalid_field instances[1].service");
  CHECK(problem_with(R"({"service":"web","id":"a/b"})") == "400 invalid_field instances[1].id");
  CHECK(problem_with(R"({"service":"web","id":"a","ttl":5})") == "400 invalid_field instances[1].ttl");
  CHECK(problem_with(R"({"service":"web","id":"a","id":"b"})") == "400 invalid_field instances[1].id");
  CHECK(problem_with(R"({"service":"web","id":"a","zone":"x.example"})") == "404 unknown_zone instances[1].zone");
  CHECK(world.counters.heartbeats == 0);
}

TEST_CASE("a batch has a list of instances and nothing else") {
  World world;
  CHECK(problem_of(world.post("/v1/heartbeats", "{}")) == "400 invalid_field instances");
  CHECK(problem_of(world.post("/v1/heartbeats", R"({"instances":{}})")) == "400 invalid_field instances");
  CHECK(problem_of(world.post("/v1/heartbeats", R"({"instances":[],"x":1})")) == "400 invalid_field x");
  CHECK(problem_of(world.post("/v1/heartbeats")) == "400 bad_json");
  CHECK(problem_of(world.post("/v1/heartbeats?zone=lab.example",
                              R"({"instances":[{"service":"a","id":"b","zone":"svc.internal"}]})")) ==
        "400 invalid_field instances[0].zone");
}

TEST_CASE("ten thousand heartbeats fit into one call") {
  World world;
  std::string body = R"({"instances":[)";
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = fmt::format("i-{}", i);
    if (i % 2 == 0) world.expect_registered(id);
    body += fmt::format(R"({}{{"service":"web","id":"{}"}})", i == 0 ? "" : ",", id);
  }
  body += "]}";
  REQUIRE(body.size() <= world.api.body_bytes_max({Method::post, "/v1/heartbeats", {}}));
  const boost::json::value answer = parse(world.post("/v1/heartbeats", body));
  CHECK(number_of(answer, "renewed") == 5000);
  CHECK(answer.at("unknown").as_array().size() == 5000);
  CHECK(text_of(answer.at("unknown").at(4999), "id") == "i-9999");
}

}  // namespace
}  // namespace rollcall::api::native
