// Sessions, and leaving.
#include "cluster/node/member.h"

#include "unit/cluster/node/roll_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;

TEST_CASE("a node that was a member and loses its session counts that as an unclean end") {
  RollWorld world;
  world.join();
  world.store.revoke(world.store.lease_of(world.keys.node("n1").node));
  world.pass();
  world.member.tick();
  for (int i = 0; i < 40 && !world.member.accepts_changes(); ++i) {
    world.member.tick();
    world.pass(std::chrono::milliseconds(300));
  }
  REQUIRE(world.member.accepts_changes());
  const auto read = read_registration(world.store.read(Range{world.keys.node("n1").nodes, {}}).at(0).value);
  REQUIRE(read);
  CHECK(read->unclean.is_in);
  CHECK(read->unclean.ends.size() == 1);
}

TEST_CASE("a member that is alone leaves at once, refuses from then on, and its leaving is no unclean end") {
  RollWorld world;
  world.join();
  world.put_instance("a");
  world.pass();
  const registry::InstanceKey a = registry::testing::key("web", "a");
  REQUIRE(world.member.heartbeat(a.ref()) == Member::Verdict::renewed);
  const NodeKeys own = world.keys.node("n1");
  const Revision members = world.store.changed(own.members);
  world.member.stop();
  CHECK(world.member.heartbeat(a.ref()) == Member::Verdict::refused);
  CHECK_FALSE(world.member.accepts_changes());
  CHECK_FALSE(world.member.has_left());
  for (int i = 0; i < 3; ++i) {
    world.member.tick();
    world.pass();
  }
  CHECK(world.member.has_left());
  CHECK_FALSE(world.store.has(own.node));
  CHECK(world.store.changed(own.members) > members);
  const auto read = read_registration(world.store.read(Range{own.nodes, {}}).at(0).value);
  REQUIRE(read);
  CHECK_FALSE(read->unclean.is_in);
  CHECK(read->unclean.ends.empty());
}

TEST_CASE("a member that stops while its session is lost has left, without another incarnation") {
  RollWorld world;
  world.join();
  const auto incarnations = world.member.counters().incarnations.load();
  world.store.revoke(world.store.lease_of(world.keys.node("n1").node));
  world.member.stop();
  world.pass();
  for (int i = 0; i < 3; ++i) {
    world.member.tick();
    world.pass();
  }
  CHECK(world.member.has_left());
  CHECK(world.member.counters().incarnations == incarnations);
}

TEST_CASE("a node that stops before it has read anything has left") {
  RollWorld world;
  world.member.stop();
  CHECK(world.member.has_left());
}

TEST_CASE("an instance that registers with its check critical is acknowledged, without a lease") {
  RollWorld world;
  world.join();
  registry::Registration asked = registry::testing::registration("web", "a");
  asked.door = registry::Door::consul;
  asked.lease = registry::LeaseKind::turns_critical;
  asked.lease_check = "t";
  const health::CheckResult first{.id = "t", .kind = health::CheckKind::ttl, .status = health::CheckStatus::critical};
  std::vector<registry::Outcome> outcomes;
  REQUIRE(world.agreed.submit(registry::Register{asked, {health::CheckResults{first}, false}},
                              [&](registry::Outcome outcome) { outcomes.push_back(std::move(outcome)); }));
  world.propose();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].has_value());
}

}  // namespace
}  // namespace rollcall::cluster
