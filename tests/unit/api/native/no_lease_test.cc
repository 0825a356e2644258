// Registrations without a lease: `"ttl": "none"`.
#include <string>
#include <string_view>

#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api {
namespace {

using namespace testing;

constexpr std::string_view k_static = R"({"service":"web","id":"a","address":"192.0.2.1","port":80,"ttl":"none"})";
constexpr std::string_view k_silent = R"({"service":"web","id":"a","address":"192.0.2.1","port":80})";
constexpr std::string_view k_leased = R"({"service":"web","id":"a","address":"192.0.2.1","port":80,"ttl":"60s"})";

bool is_there(World& world) { return world.get("/v1/services/web/instances/a").status == 200; }

TEST_CASE("an instance without a lease stays until somebody deregisters it") {
  World world;
  const Response made = world.post("/v1/heartbeat", k_static);
  CHECK(made.status == 201);
  CHECK(made.body.find(R"("ttl_ms":null,"expires_in_ms":null)") != std::string::npos);
  world.clock.advance(std::chrono::hours(1'000));
  static_cast<void>(world.registry.sweep(world.clock.now(), k_wall_now));
  CHECK(is_there(world));
  CHECK(world.get("/v1/services/web/instances/a").body.find(R"("ttl":"none")") != std::string::npos);
  CHECK(world.call(Method::del, "/v1/services/web/instances/a").status == 204);
  CHECK_FALSE(is_there(world));
}

TEST_CASE("its heartbeats are answered, and change nothing") {
  World world;
  REQUIRE(world.post("/v1/heartbeat", k_static).status == 201);
  for (const std::string_view body : {k_static, k_silent}) {
    const Response beat = world.post("/v1/heartbeat", body);
    CHECK(beat.status == 200);
    CHECK_FALSE(world.was_submitted);
    CHECK(beat.body.find(R"("ttl_ms":null)") != std::string::npos);
  }
  CHECK(world.post("/v1/services/web/instances/a/heartbeat").status == 200);
}

TEST_CASE("a heartbeat without a ttl keeps the one that is stored") {
  World world;
  REQUIRE(world.post("/v1/heartbeat", k_leased).status == 201);
  const Response beat = world.post("/v1/heartbeat", k_silent);
  CHECK_FALSE(world.was_submitted);
  CHECK(beat.body.find(R"("ttl_ms":60000)") != std::string::npos);

  SECTION("a registration at its own path has the usual one") {
    const Response put =
        world.call(Method::put, "/v1/services/web/instances/a", R"({"address":"192.0.2.1","port":80})");
    CHECK(put.body.find(R"("ttl_ms":15000)") != std::string::npos);
  }
  SECTION("a lease can be taken away and given") {
    CHECK(world.post("/v1/heartbeat", k_static).body.find(R"("ttl_ms":null)") != std::string::npos);
    CHECK(world.post("/v1/heartbeat", k_leased).body.find(R"("ttl_ms":60000)") != std::string::npos);
    world.clock.advance(std::chrono::seconds(61));
    static_cast<void>(world.registry.sweep(world.clock.now(), k_wall_now));
    CHECK_FALSE(is_there(world));
  }
}

TEST_CASE("without a lease registers only who may") {
  const auto token = [](std::string name, std::string_view secret, Grant grant) {
    return Token{std::move(name), sha256(secret), std::move(grant)};
  };
  World world;
  world.access.replace(
      {.tokens = {token("plain", "plain-0123456789", {.right = Right::write, .zones = {}}),
                  token("static", "static-0123456789", {.right = Right::write, .zones = {}, .no_lease = true})},
       .certificates = {}});
  world.authorization = "Bearer plain-0123456789";
  const Response refused = world.post("/v1/heartbeat", k_static);
  CHECK(problem_of(refused) == "403 forbidden");
  CHECK(detail_of(refused) ==
        "token plain may not register without a lease (ttl \"none\"): give a ttl, or use a token with no_lease = true");
  CHECK(problem_of(world.call(Method::put, "/v1/services/web/instances/a",
                              R"({"address":"192.0.2.1","port":80,"ttl":"none"})")) == "403 forbidden");
  world.authorization = "Bearer static-0123456789";
  CHECK(world.post("/v1/heartbeat", k_static).status == 201);
  world.authorization = "Bearer plain-0123456789";
  CHECK(world.post("/v1/heartbeat", k_silent).status == 200);  // it is there, and stays as it is
  CHECK(world.call(Method::del, "/v1/services/web/instances/a").status == 204);
}

TEST_CASE("without tokens that is for this machine alone, also where the rest is open") {
  World world;
  world.access.replace({.tokens = {}, .certificates = {}, .open = true});
  world.caller = Caller(*IpAddress::parse("192.0.2.9"));
  CHECK(world.post("/v1/heartbeat", k_leased).status == 201);
  CHECK(problem_of(world.post("/v1/heartbeat", k_static)) == "403 forbidden");
  world.caller = Caller(*IpAddress::parse("127.0.0.1"));
  CHECK(world.post("/v1/heartbeat", k_static).status == 200);
}

}  // namespace
}  // namespace rollcall::api
