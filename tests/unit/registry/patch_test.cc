// Fields that are changed beside a registration, and services that are forgotten.
#include <string>
#include <vector>

#include "catch.h"
#include "registry/instance/patched.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

Outcome apply(World& world, Change change) {
  const std::vector<Change> changes{std::move(change)};
  return world.registry.apply(changes, world.clock, WallTime{}).at(0);
}

Registration shown(World& world, std::string_view id) {
  const rcu::ReadLock lock;
  return world.registry.find_instance(key("web", std::string(id)).ref())->registration();
}

Registration asked() {
  Registration made;
  made.key = key("web", "i-1");
  made.addresses = {*IpAddress::parse("192.0.2.1")};
  made.port = 80;
  made.tags = {"blue"};
  made.meta = {{"version", "1"}};
  made.ttl = 15s;
  return made;
}

TEST_CASE("a patched field stays when the instance registers again as before, at no write") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  REQUIRE(apply(world, Patch{.key = key("web", "i-1"), .weight = 9, .tags = std::vector<std::string>{"green"}}));
  const int records = world.journal.records;
  const Outcome again = apply(world, Register{asked()});
  REQUIRE(again);
  CHECK_FALSE(again->changed);
  CHECK(world.journal.records == records);
  CHECK(shown(world, "i-1").weight == 9);
  CHECK(shown(world, "i-1").tags == std::vector<std::string>{"green"});
  const rcu::ReadLock lock;
  CHECK(world.registry.find_instance(key("web", "i-1").ref())->is_as(asked()));
}

TEST_CASE("a registration that changes a patched field wins, and the other patched fields stay") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  REQUIRE(apply(world, Patch{.key = key("web", "i-1"), .weight = 9, .priority = 4}));
  Registration changed = asked();
  changed.weight = 5;
  changed.port = 81;
  REQUIRE(apply(world, Register{changed}));
  CHECK(shown(world, "i-1").weight == 5);
  CHECK(shown(world, "i-1").priority == 4);
  CHECK(shown(world, "i-1").port == 81);
  CHECK(last_registered(shown(world, "i-1")) == changed);
}

TEST_CASE("a patch back to what is registered leaves no trace") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  REQUIRE(apply(world, Patch{.key = key("web", "i-1"), .weight = 9}));
  CHECK(has_patch(shown(world, "i-1").attributes));
  REQUIRE(apply(world, Patch{.key = key("web", "i-1"), .weight = 1}));
  CHECK(shown(world, "i-1") == asked());
}

TEST_CASE("meta is merged member by member, and what has no value is removed") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  Patch patch{.key = key("web", "i-1")};
  patch.meta = {{"canary", "yes"}, {"version", std::nullopt}};
  REQUIRE(apply(world, patch));
  CHECK(shown(world, "i-1").meta == std::vector<std::pair<std::string, std::string>>{{"canary", "yes"}});
  CHECK(last_registered(shown(world, "i-1")) == asked());
}

TEST_CASE("a patch does not move the lease, and is told as an update") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  world.pass(5s);
  REQUIRE(apply(world, Patch{.key = key("web", "i-1"), .weight = 9}));
  CHECK(world.left(key("web", "i-1")) == 10s);
  CHECK(world.journal.events.back()->kind == EventKind::updated);
}

TEST_CASE("a patch survives a restart, and heartbeats are still compared with the registration") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  REQUIRE(apply(world, Patch{.key = key("web", "i-1"), .weight = 9}));
  const Registration stored = world.journal.instances.at(key("web", "i-1")).registration;
  CHECK(stored.weight == 9);
  CHECK(registered_over(stored, asked()) == stored);
}

TEST_CASE("a patch that changes nothing is not written") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  const int records = world.journal.records;
  const Outcome outcome = apply(world, Patch{.key = key("web", "i-1"), .weight = 1});
  REQUIRE(outcome);
  CHECK_FALSE(outcome->changed);
  CHECK(world.journal.records == records);
}

TEST_CASE("a patch is held to the rules of a registration") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  CHECK(apply(world, Patch{.key = key("web", "i-2"), .weight = 2}).error().code == Errc::unknown_instance);
  const auto own_label = apply(world, Patch{.key = key("web", "i-1"), .tags = std::vector<std::string>{"i-1"}});
  CHECK(own_label.error().code == Errc::conflict);
  Patch long_meta{.key = key("web", "i-1")};
  long_meta.meta = {{"key", std::string(300, 'x')}};
  CHECK(apply(world, long_meta).error().code == Errc::invalid);
  CHECK(shown(world, "i-1") == asked());
}

TEST_CASE("an instance of another door is not patched") {
  World world;
  Registration theirs = asked();
  theirs.door = Door::consul;
  REQUIRE(apply(world, Register{theirs}));
  CHECK(apply(world, Patch{.key = key("web", "i-1"), .weight = 2}).error().code == Errc::conflict);
}

TEST_CASE("attributes that somebody has edited count as not patched") {
  Registration edited = asked();
  edited.attributes = R"({"registered":{"weight":"many","tags":3}})";
  CHECK(last_registered(edited) == asked());
  edited.attributes = R"({"registered":{broken)";
  CHECK(last_registered(edited) == asked());
}

TEST_CASE("an empty service is forgotten at once, and stays so after a restart") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  CHECK(apply(world, ForgetService{{key("web", "").service, {}}}).error().code == Errc::conflict);
  REQUIRE(apply(world, Deregister{key("web", "i-1")}));
  REQUIRE(apply(world, ForgetService{{key("web", "").service, {}}}));
  CHECK(world.journal.services.empty());
  CHECK(world.registry.counts().services == 0);
  CHECK(apply(world, ForgetService{{key("web", "").service, {}}}).error().code == Errc::unknown_service);
  world.pass(2h);
  world.sweep();
  CHECK(world.registry.counts().services == 0);
}

TEST_CASE("in one transaction a service is emptied, forgotten and registered again") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  const std::vector<Change> changes{Deregister{key("web", "i-1")}, ForgetService{{key("web", "").service, {}}},
                                    Register{asked()}};
  for (const Outcome& outcome : world.registry.apply(changes, world.clock, WallTime{})) CHECK(outcome);
  CHECK(world.registry.counts().instances == 1);
  CHECK(world.journal.services.size() == 1);
}

TEST_CASE("a service whose record fails is not forgotten") {
  World world;
  REQUIRE(apply(world, Register{asked()}));
  REQUIRE(apply(world, Deregister{key("web", "i-1")}));
  world.journal.fails_with = Errc::store_busy;
  CHECK(apply(world, ForgetService{{key("web", "").service, {}}}).error().code == Errc::store_busy);
  CHECK(world.registry.counts().services == 1);
}

}  // namespace
}  // namespace rollcall::registry
