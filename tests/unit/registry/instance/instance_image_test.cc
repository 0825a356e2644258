// What an event keeps of an instance as it was.
#include "registry/instance/instance_image.h"

#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

const Event& last_event(const World& world) { return *world.journal.events.back(); }

}  // namespace

TEST_CASE("a first registration keeps nothing, every other event the instance as it was before") {
  World world;
  REQUIRE(world.add("web", "a"));
  CHECK(last_event(world).before.empty());
  Registration other = registration("web", "a");
  other.port = 9090;
  REQUIRE(world.apply(Register{other}));
  CHECK(last_event(world).before.contains(R"("port":8080)"));
  REQUIRE(world.apply(SetDraining{k_a, true}));
  CHECK(last_event(world).before.contains(R"("status":"ready")"));
  CHECK(last_event(world).before.contains(R"("port":9090)"));
  REQUIRE(world.remove("web", "a"));
  CHECK(last_event(world).before.contains(R"("status":"draining")"));
  REQUIRE(world.add("web", "b"));
  world.pass(15s);
  world.sweep();
  REQUIRE(world.registry.record_pending());
  CHECK(last_event(world).kind == EventKind::expired);
  CHECK(last_event(world).before.contains(R"("addresses":["192.0.2.1"])"));
}

TEST_CASE("an image is the same of an instance and of what it was made of") {
  Registration asked = registration("web", "a");
  asked.tags = {"\"quoted\"", "blue"};
  asked.meta = {{"k", "v"}};
  asked.door = Door::consul;
  asked.host = "db.example";
  asked.attributes = R"({"node":"n"})";
  Standing standing;
  standing.checks.push_back({.id = "c", .status = health::CheckStatus::warning, .output = "slow"});
  const auto instance = Instance::make(asked, standing, 1, WallTime(1s), LeaseTime(1h));
  CHECK(write_image(*instance) == write_image(asked, standing, WallTime(1s)));
  CHECK(write_image(*instance) ==
        R"({"status":"ready","status_since_ms":0,"registered_at_ms":1000,"addresses":["192.0.2.1"],"port":8080,)"
        R"("protocol":"tcp","priority":1,"weight":1,"tags":["\"quoted\"","blue"],"ttl_ms":15000,"door":"consul",)"
        R"("host":"db.example","checks":[{"id":"c","status":"warning","since_ms":0,"output":"slow"}],"meta":{"k":"v"},)"
        R"("attributes":{"node":"n"}})");
}

TEST_CASE("an image is bounded: long texts are left out first, then all but the status") {
  Registration asked = registration("web", "a");
  asked.door = Door::consul;
  asked.meta = {{"k", std::string(limits::k_event_before_bytes_max, 'v')}};
  const std::string cut = write_image(asked, {}, {});
  CHECK(cut.contains(R"("cut":true)"));
  CHECK(cut.contains(R"("port":8080)"));
  CHECK_FALSE(cut.contains("vvv"));
  asked.tags = {std::string(limits::k_door_tag_bytes_max, 't')};
  const std::string least = write_image(asked, {}, {});
  CHECK(least.contains(R"("cut":true)"));
  CHECK_FALSE(least.contains("port"));
}

}  // namespace rollcall::registry::testing
