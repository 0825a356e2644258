// Leases that are over: what is put into etcd, and what comes of it.
#include "cluster/node/ends.h"

#include "unit/cluster/node/roll_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using Ids = std::vector<std::string>;

TEST_CASE("a lease that is over is ended once, with its reason, and not if the instance has changed") {
  RollWorld world;
  world.join();
  Ends ends = world.ends();
  const Revision first = world.put_instance("a");
  const Revision old = world.put_instance("b");
  const Revision changed = world.put_instance("b");
  world.pass();
  const InstanceIds ids("f00");
  const InstanceId a = ids.of("svc.internal", "web", "a");
  const InstanceId b = ids.of("svc.internal", "web", "b");
  ends.propose({{a, first}, {a, first}, {b, old}});
  CHECK(ends.waiting() == 1);  // once, and nothing of what is known to be older
  world.pass();
  CHECK(ends.waiting() == 0);
  CHECK_FALSE(world.store.has(world.place("a")));
  CHECK(world.store.changed(world.place("b")) == changed);
  CHECK(world.roll_of_node.ids("web") == Ids{"b"});
  CHECK(world.roll_of_node.sink.lines.back().ends_with("web/a expired: lease expired"));
  // Changed, and not seen here yet: the transaction differs, and nothing is ended.
  world.link.slow_watch = 1;
  const Revision newer = world.put_instance("b");
  ends.propose({{b, changed}});
  world.pass();
  CHECK(world.store.changed(world.place("b")) == newer);
  CHECK(ends.counters().differed == 1);
  CHECK(ends.waiting() == 0);
}

TEST_CASE("at its deadline a check turns critical where the lease says so, and a pass begins a lease") {
  RollWorld world;
  world.join();
  Ends ends = world.ends();
  const registry::InstanceKey a = registry::testing::key("web", "a");
  const Revision revision = world.put_with_ttl_check("a");
  world.pass();
  CHECK(world.known.find(world.id_of("a"))->ttl == std::chrono::seconds(10));
  ends.propose({{world.id_of("a"), revision}});
  world.pass();
  CHECK(world.store.changed(world.place("a")) > revision);
  CHECK(world.roll_of_node.ids("web") == Ids{"a"});
  CHECK(world.roll_of_node.status_of(a) == registry::Status::critical);
  CHECK(world.roll_of_node.sink.lines.back().contains("web/a critical: check failed"));
  CHECK(world.roll_of_node.sink.lines.back().contains("nobody has called in for 10s"));
  // No lease is left that could end, and a heartbeat does not bring one.
  CHECK(world.known.find(world.id_of("a"))->ttl == std::chrono::seconds(0));
  CHECK_FALSE(world.roll_of_node.renew(a));
  std::vector<registry::Outcome> outcomes;
  REQUIRE(world.agreed.submit(registry::SetCheck{a, {.id = "t", .status = health::CheckStatus::passing}},
                              [&](registry::Outcome outcome) { outcomes.push_back(std::move(outcome)); }));
  world.propose();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].has_value());
  CHECK(world.roll_of_node.status_of(a) == registry::Status::ready);
  CHECK(world.known.find(world.id_of("a"))->ttl == std::chrono::seconds(10));
  CHECK(world.member.heartbeat(a.ref()) == Member::Verdict::renewed);
}

TEST_CASE("a lapse of another version than is shown here is not put") {
  RollWorld world;
  world.join();
  Ends ends = world.ends();
  const Revision old = world.put_with_ttl_check("a");
  const Revision newer = world.put_with_ttl_check("a");
  world.pass();
  ends.propose({{world.id_of("a"), old}});
  world.pass();
  CHECK(world.store.changed(world.place("a")) == newer);
}

TEST_CASE("out of space ends only delete, and are told as what they are; what would stay waits") {
  RollWorld world;
  world.join();
  Ends ends = world.ends();
  const Revision lapsing = world.put_with_ttl_check("a");
  const Revision ending = world.put_instance("b");
  world.put_instance("c");
  world.pass();
  world.roll_of_node.pass(std::chrono::seconds(20));
  world.store.set_full(true);
  for (int i = 0; i < 3; ++i) {
    ends.propose({{world.id_of("a"), lapsing}, {world.id_of("b"), ending}});
    world.pass();
  }
  CHECK(world.store.changed(world.place("a")) == lapsing);
  CHECK(world.roll_of_node.ids("web") == Ids{"a", "c"});
  CHECK(world.roll_of_node.sink.lines.back().ends_with("web/b expired: lease expired"));
  world.store.set_full(false);
  ends.propose({{world.id_of("a"), lapsing}});
  world.pass();
  CHECK(world.store.changed(world.place("a")) > lapsing);
  CHECK(ends.waiting() == 0);
}

TEST_CASE("lapses with large values are split by their octets") {
  RollWorld world;
  world.join();
  Ends ends = world.ends();
  std::vector<DueEnd> due;
  const std::string meta = R"(,"meta":{"k":")" + std::string(15'000, 'x') + R"("})";
  for (int i = 0; i < 100; ++i) {
    const std::string label = "m" + std::to_string(i);
    due.push_back({world.id_of(label), world.put_instance(label, R"(,"door":"consul","ttl":"10s","lease":"critical",)"
                                                                 R"("lease_check":"t")" +
                                                                     meta)});
  }
  world.pass();
  ends.propose(due);
  world.pass();
  CHECK(world.roll_of_node.ids("web").size() == 100);
  CHECK(ends.counters().applied == 100);
  CHECK(world.store.read(Range{world.keys.lane("n1", k_lanes), {}}).size() +
            world.store.read(Range{world.keys.lane("n1", k_lanes + 1), {}}).size() +
            world.store.read(Range{world.keys.lane("n1", k_lanes + 2), {}}).size() +
            world.store.read(Range{world.keys.lane("n1", k_lanes + 3), {}}).size() >=
        2);
}

}  // namespace
}  // namespace rollcall::cluster
