#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api::testing {
namespace {

constexpr std::string_view k_drain = "/v1/services/web/instances/i-1/drain";

TEST_CASE("a drain answers with the status and when it is safe to leave") {
  World world;
  world.expect_registered("i-1");
  const Response response = world.post(k_drain);
  CHECK(response.status == 200);
  CHECK(response.body == R"({"status":"draining","safe":true,"safe_in_ms":0})");
  CHECK(text_of(parse(world.get("/v1/services/web/instances/i-1")), "status") == "draining");
}

TEST_CASE("a drain that waits is answered when no cache can hold the instance, or when the wait is over") {
  World world;
  world.expect_registered("i-1");
  world.nobody.answered = world.clock.now() + std::chrono::milliseconds(700);
  CHECK(world.post(k_drain).body == R"({"status":"draining","safe":false,"safe_in_ms":700})");
  CHECK(world.post(std::string(k_drain) + "?wait=300ms").body ==
        R"({"status":"draining","safe":false,"safe_in_ms":400})");
  CHECK(world.waited == std::chrono::milliseconds(300));
  CHECK(world.post(std::string(k_drain) + "?wait=10s").body == R"({"status":"draining","safe":true,"safe_in_ms":0})");
  CHECK(world.waited == std::chrono::milliseconds(400));
}

TEST_CASE("an instance that left while its drain waited is safe") {
  World world;
  world.expect_registered("i-1");
  world.nobody.answered = world.clock.now() + std::chrono::milliseconds(700);
  world.meanwhile = [&] { CHECK(world.del("/v1/services/web/instances/i-1").status == 204); };
  CHECK(world.post(std::string(k_drain) + "?wait=100ms").body == R"({"status":"draining","safe":true,"safe_in_ms":0})");
}

TEST_CASE("the end of a drain brings the instance back, and nothing is safe then") {
  World world;
  world.expect_registered("i-1");
  CHECK(world.post(k_drain).status == 200);
  CHECK(world.del(k_drain).body == R"({"status":"ready","safe":false,"safe_in_ms":null})");
  CHECK(world.del(k_drain).status == 200);
  CHECK(text_of(parse(world.get("/v1/services/web/instances/i-1")), "status") == "ready");
}

TEST_CASE("a drain that somebody else has ended while it waited is not safe, and waits no longer") {
  World world;
  world.expect_registered("i-1");
  world.nobody.answered = world.clock.now() + std::chrono::milliseconds(700);
  world.meanwhile = [&] { CHECK(world.del(k_drain).status == 200); };
  CHECK(world.post(std::string(k_drain) + "?wait=10s").body == R"({"status":"ready","safe":false,"safe_in_ms":null})");
}

TEST_CASE("another instance under the id of one that was drained is not reported as draining") {
  World world;
  world.expect_registered("i-1");
  world.nobody.answered = world.clock.now() + std::chrono::milliseconds(700);
  world.meanwhile = [&] {
    CHECK(world.del("/v1/services/web/instances/i-1").status == 204);
    world.expect_registered("i-1");
  };
  CHECK(world.post(std::string(k_drain) + "?wait=10s").body == R"({"status":"ready","safe":false,"safe_in_ms":null})");
}

TEST_CASE("who is not there is not drained") {
  World world;
  CHECK(problem_of(world.post(k_drain)) == "404 unknown_instance");
  CHECK(problem_of(world.del(k_drain)) == "404 unknown_instance");
  CHECK(problem_of(world.post("/v1/services/we_b/instances/i-1/drain")) == "400 invalid_field service");
  CHECK(problem_of(world.post(std::string(k_drain) + "?wait=soon")) == "400 invalid_field wait");
  CHECK(problem_of(world.post(std::string(k_drain) + "?index=3")) == "400 invalid_field index");
  CHECK(problem_of(world.get(k_drain)) == "405 method_not_allowed");
}

TEST_CASE("a read with the index it has seen waits for the next one") {
  World world;
  world.expect_registered("i-1");
  const auto index = std::to_string(number_of(parse(world.get("/v1/services/web")), "index"));
  world.meanwhile = [&] {
    world.meanwhile = nullptr;
    world.expect_registered("i-2");
  };
  const Response response = world.get("/v1/services/web?wait=30s&index=" + index);
  CHECK(world.waited == std::chrono::seconds(30));
  CHECK(parse(response).at("instances").as_array().size() == 1);  // the other lease has ended while it waited
  CHECK(std::to_string(number_of(parse(response), "index")) != index);
}

TEST_CASE("a read with any other index, from the past or the future, is answered at once") {
  World world;
  world.expect_registered("i-1");
  for (const char* query : {"?wait=30s&index=0", "?wait=30s&index=99", "?index=1", "?wait=30s"}) {
    CAPTURE(query);
    CHECK(world.get("/v1/services/web" + std::string(query)).status == 200);
    CHECK_FALSE(world.waited.has_value());
  }
}

TEST_CASE("a service that has never been is at index 0: a read waits for its first instance") {
  World world;
  world.meanwhile = [&] {
    world.meanwhile = nullptr;
    world.expect_registered("i-1");
  };
  CHECK(world.get("/v1/services/web?index=0&wait=1h").status == 200);
  CHECK(world.waited == limits::k_wait_max);
  CHECK(problem_of(world.get("/v1/services/db?index=7&wait=1s")) == "404 unknown_service");
  CHECK(problem_of(world.get("/v1/services/db")) == "404 unknown_service");
}

}  // namespace
}  // namespace rollcall::api::testing
