#include "cluster/node/followed_roll.h"

#include "unit/cluster/node/roll_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using registry::testing::k_svc;
using Ids = std::vector<std::string>;

// Registers so many instances of the service "web".
FollowedRevision large_revision(Revision number, int instances) {
  FollowedRevision revision;
  revision.revision = number;
  revision.index = 1'000 + static_cast<registry::ChangeIndex>(number);
  for (int i = 0; i < instances; ++i) {
    const std::string id = "m" + std::to_string(number) + "-" + std::to_string(i);
    revision.changes.push_back(
        {.event = {.key = registry::testing::key("web", id), .index = revision.index},
         .present = registry::DurableChange::Present{.registration = registry::testing::registration("web", id)}});
  }
  return revision;
}

TEST_CASE("a change is answered when it is visible, and a heartbeat counts from then on") {
  RollWorld world;
  world.join();
  std::vector<registry::Outcome> outcomes;
  const auto submit = [&](registry::Change change) {
    REQUIRE(world.agreed.submit(std::move(change), [&](registry::Outcome outcome) {
      CHECK(world.roll_of_node.ids("web") == Ids{"a"});
      outcomes.push_back(std::move(outcome));
    }));
    world.propose();
  };
  submit(registry::testing::adding("web", "a"));
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].has_value());
  CHECK(world.member.heartbeat(registry::testing::key("web", "a").ref()) == Member::Verdict::renewed);
  CHECK(world.member.heartbeat(registry::testing::key("web", "b").ref()) == Member::Verdict::unknown);
}

TEST_CASE("a snapshot brings what has come and takes what has left") {
  RollWorld world;
  world.put_instance("a");
  world.put_instance("b");
  world.follow();
  CHECK(world.roll_of_node.ids("web") == Ids{"a", "b"});
  world.link.slow_watch = 1;
  world.erase(world.place("a"));
  world.put_instance("c");
  world.store.compact(world.store.header().revision);
  world.link.slow_watch = 0;
  world.follow();
  CHECK(world.roll_of_node.ids("web") == Ids{"b", "c"});
  CHECK(world.roll.counters().snapshots == 2);
  CHECK(world.roll.index() == 1'000 + static_cast<registry::ChangeIndex>(world.store.header().revision));
}

TEST_CASE("a row that the copy has lost is on the roll again after a start, with its index, and in the copy") {
  RollWorld world;
  const auto index_of = [](Revision revision) { return 1'000 + static_cast<registry::ChangeIndex>(revision); };
  const Revision lost = world.put_instance("a");
  const Revision kept = world.put_instance("b");
  // An earlier run has followed all this; what it has stored lacks one row.
  registry::Registry& registry = world.roll_of_node.registry;
  registry::Restored stored;
  stored.index = index_of(kept);
  stored.services.push_back(
      {.key = registry::testing::k_a.service, .index = index_of(kept), .protocols = 1, .emptied_at = {}});
  registry::InstanceRecord row;
  row.registration = registry::testing::registration("web", "b");
  row.index = index_of(kept);
  stored.instances.push_back(std::move(row));
  REQUIRE(registry.restore(std::move(stored), world.roll_of_node.clock.now(), world.roll_of_node.wall).empty());
  world.follow();
  CHECK(world.roll_of_node.ids("web") == Ids{"a", "b"});
  {
    const rcu::ReadLock lock;
    const registry::Instance* mended = registry.find_instance(registry::testing::k_a.ref());
    REQUIRE(mended != nullptr);
    CHECK(mended->index == index_of(lost));
    CHECK(registry.find_service(registry::testing::k_a.service.ref())->index == index_of(kept));  // never back
  }
  CHECK(registry.followed() == index_of(kept));
  CHECK(world.roll_of_node.sink.lines.empty());  // to everybody else it was there all the time
  world.keep_copy();
  CHECK(world.replica.stored >= 1);
  // It is like any other from now on.
  world.erase(world.place("a"));
  world.pass();
  CHECK(world.roll_of_node.ids("web") == Ids{"b"});
}

TEST_CASE("what is followed while a snapshot waits to be shown does not change what the snapshot tells") {
  RollWorld world;
  world.put_instance("a");
  world.follow();
  world.roll_of_node.sink.lines.clear();
  world.is_blocked = true;
  world.follower->read_again();
  world.follow(1);
  world.erase(world.place("a"));
  world.pass();
  world.unblock();
  CHECK(world.roll_of_node.ids("web").empty());
  REQUIRE(world.roll_of_node.sink.lines.size() == 1);  // the deletion, with its own number
  CHECK(world.roll_of_node.sink.lines[0].ends_with("web/a deregistered: deregistered, by etcd"));
}

TEST_CASE("a writer that stands still does not make revisions pile up without bound") {
  RollWorld world;
  world.follow();
  world.is_blocked = true;
  FollowedRevision empty;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < k_waiting_changes_max + 10; ++i) {
    empty.revision = world.store.header().revision;
    FollowedRevision next = empty;
    if (world.roll.took(std::move(next))) ++taken;
  }
  CHECK(taken == k_waiting_changes_max + 1);
  world.put_instance("a");
  world.pass();
  world.follow();  // everything is read: what waited before it is dropped
  CHECK(world.roll.counters().waiting <= 2);
  world.unblock();
  CHECK(world.roll_of_node.ids("web") == Ids{"a"});
  CHECK(world.roll.counters().waiting == 0);
}

TEST_CASE("a copy that fails catches up, and its place never passes what it has") {
  RollWorld world;
  world.replica.kept =
      registry::ReplicaPlace{.cluster = "lab", .incarnation = "f00", .applied_revision = 7, .lane = {}, .lane_id = {}};
  world.keep_copy();
  CHECK(world.replica.calls == 0);  // nothing is followed yet: the place of before is kept
  world.put_instance("a");
  world.follow();
  world.replica.fails = true;
  world.keep_copy();
  world.put_instance("b");
  world.pass();
  world.keep_copy();
  CHECK(world.replica.kept->applied_revision == 7);
  CHECK(world.roll.counters().not_stored == 2);
  CHECK(world.roll.counters().failed_stores == 2);
  world.replica.fails = false;
  world.keep_copy();
  CHECK(world.replica.stored == 2);
  CHECK(world.replica.kept->applied_revision == world.store.header().revision);
  CHECK(world.roll.counters().not_stored == 0);
}

TEST_CASE("the first member records services, counts what others have changed, and forgets what is empty for long") {
  RollWorld world;
  world.put_instance("a");
  world.follow();
  const auto keep_house = [&](std::chrono::milliseconds forget_after) {
    const Transaction transaction = world.roll.housekeeping(world.keys, forget_after);
    if (!transaction.puts.empty() || !transaction.deletes.empty()) {
      CHECK(world.store.apply(transaction, 0).outcome == CommitOutcome::applied);
    }
    world.pass();
    return transaction.puts.size() + transaction.deletes.size();
  };
  constexpr std::chrono::hours hour(1);
  const std::string key = world.keys.service("svc.internal", "web");
  world.put_instance("b");
  world.pass();
  CHECK(keep_house(hour) == 2);
  CHECK(world.store.has(key));
  CHECK(world.store.has(world.keys.serial("svc.internal")));
  CHECK(world.roll.count_of(k_svc) == 1U);
  CHECK(keep_house(hour) == 0);
  world.erase(world.place("a"));
  world.erase(world.place("b"));
  world.pass();
  CHECK(keep_house(hour) == 2);
  const auto emptied = read_service(world.store.read(Range{key, {}}).at(0).value);
  REQUIRE(emptied);
  CHECK(emptied->emptied_at.has_value());
  CHECK(keep_house(hour) == 0);
  CHECK(world.roll_of_node.knows("web"));
  CHECK(keep_house(std::chrono::milliseconds(0)) == 1);
  CHECK_FALSE(world.store.has(key));
  CHECK_FALSE(world.roll_of_node.knows("web"));
}

TEST_CASE("a service that is forgotten by a call is off the roll with the answer, and its key is deleted afterwards") {
  RollWorld world;
  world.join();
  const std::string key = world.keys.service("svc.internal", "web");
  const registry::ServiceKey web = registry::testing::k_a.service;
  std::vector<registry::Outcome> outcomes;
  const auto submit = [&](registry::Change change) {
    REQUIRE(world.agreed.submit(std::move(change),
                                [&](registry::Outcome outcome) { outcomes.push_back(std::move(outcome)); }));
    for (int i = 0; i < 3; ++i) world.propose();
  };
  submit({registry::Register{registry::testing::registration("web", "a")}, {}});
  submit({registry::ForgetService{{web, {}}}, {}});
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[1].error().code == Errc::conflict);
  CHECK(world.roll_of_node.knows("web"));

  submit({registry::Deregister{registry::testing::k_a}, {}});
  CHECK(world.roll_of_node.knows("web"));
  submit({registry::ForgetService{{web, {}}}, {}});
  REQUIRE(outcomes.size() == 4);
  CHECK(outcomes[3]);
  CHECK_FALSE(world.roll_of_node.knows("web"));
  submit({registry::ForgetService{{web, {}}}, {}});
  CHECK(outcomes[4].error().code == Errc::unknown_service);

  const Transaction house = world.roll.housekeeping(world.keys, std::chrono::hours(1));
  CHECK(house.deletes == std::vector<std::string>{key});
  CHECK(world.store.apply(house, 0).outcome == CommitOutcome::applied);
  world.pass();
  CHECK(world.roll.housekeeping(world.keys, std::chrono::hours(1)).deletes.empty());
}

TEST_CASE(
    "a service that is forgotten while an instance comes on another node stays, and its record is written again") {
  RollWorld world;
  world.join();
  const std::string key = world.keys.service("svc.internal", "web");
  world.put_instance("b");
  world.put(key, write_service({.protocols = 0, .emptied_at = k_forgotten}));
  world.pass();
  CHECK(world.roll_of_node.knows("web"));
  const Transaction house = world.roll.housekeeping(world.keys, std::chrono::hours(1));
  CHECK(house.deletes.empty());
  CHECK(world.store.apply(house, 0).outcome == CommitOutcome::applied);
  world.pass();
  CHECK_FALSE(read_service(world.store.read(Range{key, {}}).at(0).value)->emptied_at);
}

TEST_CASE("a batch of large instances is split, and two ids with one name do not spoil the others") {
  RollWorld world;
  world.join();
  std::vector<registry::Outcome> outcomes;
  const auto submit = [&](const std::string& id, std::size_t octets) {
    registry::Registration asked = registry::testing::registration("web", id);
    asked.door = registry::Door::consul;
    if (octets > 0) asked.attributes = R"({"k":")" + std::string(octets, 'x') + R"("})";
    REQUIRE(world.agreed.submit(registry::Register{std::move(asked)},
                                [&](registry::Outcome outcome) { outcomes.push_back(std::move(outcome)); }));
  };
  const Revision before = world.store.header().revision;
  for (int i = 0; i < 90; ++i) submit("m" + std::to_string(i), 15'000);
  for (int i = 0; i < 5; ++i) {
    world.propose();
  }
  REQUIRE(outcomes.size() == 90);
  CHECK(std::ranges::all_of(outcomes, [](const auto& outcome) { return outcome.has_value(); }));
  CHECK(world.store.header().revision >= before + 2);
  CHECK(world.roll_of_node.ids("web").size() == 90);
}

TEST_CASE(
    "who registers again as it was moves neither the serial of the zone nor the index of the service, at no node") {
  RollWorld world;
  world.join();
  int replies = 0;
  const auto submit = [&](registry::Change change) {
    REQUIRE(world.agreed.submit(std::move(change), [&](const registry::Outcome& outcome) {
      CHECK(outcome.has_value());
      ++replies;
    }));
    world.propose();
  };
  submit(registry::testing::adding("web", "a"));
  submit(registry::testing::adding("web", "b"));
  const auto serial = world.roll.count_of(k_svc);
  const registry::ChangeIndex index = world.roll_of_node.index_of("web");
  const Revision before = world.store.changed(world.place("a"));
  world.roll_of_node.audience.lines.clear();
  submit(registry::testing::adding("web", "a"));
  submit(registry::testing::adding("web", "a"));
  CHECK(replies == 4);
  CHECK(world.store.changed(world.place("a")) > before);
  CHECK(world.roll.count_of(k_svc) == serial);
  CHECK(world.roll_of_node.index_of("web") == index);
  CHECK(world.roll_of_node.audience.lines.empty());
  CHECK(world.roll.housekeeping(world.keys, std::chrono::hours(1)).puts.size() <= 1);  // the service's record
  // Nor does a full read, here or at a node that comes now.
  world.follower->read_again();
  world.follow();
  CHECK(world.roll_of_node.index_of("web") == index);
  CHECK(world.roll_of_node.audience.lines.empty());
  RollWorld other;
  std::vector<KeyValue> there = world.store.read(range_of_prefix(world.keys.roll()));
  std::ranges::sort(there, {}, &KeyValue::changed);
  for (const KeyValue& value : there) {
    while (other.store.header().revision + 1 < value.changed) other.put("/elsewhere", "x");
    other.put(value.key, value.value);
  }
  other.follow();
  CHECK(other.roll_of_node.index_of("web") == index);
  // And what is changed then is compared with what etcd has.
  submit(registry::SetDraining{registry::testing::key("web", "a")});
  CHECK(replies == 5);
  CHECK(world.roll_of_node.index_of("web") > index);
  CHECK(world.roll.count_of(k_svc) != serial);
}

TEST_CASE("revisions that wait are shown together: a large service is published once") {
  RollWorld world;
  world.follow();
  world.is_blocked = true;
  for (int i = 0; i < 200; ++i) world.put_instance("m" + std::to_string(i));
  world.erase(world.place("m7"));
  world.pass();
  world.roll_of_node.audience.lines.clear();
  world.unblock();
  CHECK(world.roll_of_node.ids("web").size() == 199);
  CHECK(world.roll_of_node.audience.lines.size() == 1);
  CHECK(world.roll.applied() == world.store.header().revision);
  CHECK(world.roll.index() == 1'000 + static_cast<registry::ChangeIndex>(world.store.header().revision));
}

TEST_CASE("a few large revisions that wait are shown together too") {
  RollWorld world;
  world.follow();
  world.is_blocked = true;
  const Revision at = world.store.header().revision;
  for (int i = 1; i <= 4; ++i) REQUIRE(world.roll.took(large_revision(at + i, 100)));
  world.roll_of_node.audience.lines.clear();
  world.unblock();
  CHECK(world.roll_of_node.ids("web").size() == 400);
  CHECK(world.roll_of_node.audience.lines.size() == 1);
  CHECK(world.roll.applied() == at + 4);
}

TEST_CASE("much that waits is published a few times, not once for each portion of usual size") {
  RollWorld world;
  world.follow();
  world.is_blocked = true;
  const Revision at = world.store.header().revision;
  for (int i = 1; i <= 90; ++i) REQUIRE(world.roll.took(large_revision(at + i, 100)));
  world.roll_of_node.audience.lines.clear();
  world.unblock();
  CHECK(world.roll_of_node.ids("web").size() == 9'000);
  CHECK(world.roll_of_node.audience.lines.size() == 1);
}

TEST_CASE("the copy waits for revisions that are not shown yet, but not for long") {
  const bool is_overdue = GENERATE(false, true);
  RollWorld world;
  world.follow();
  world.keep_copy();
  world.put_instance("first");
  world.pass();
  const int calls = world.replica.calls;
  const Revision at = world.store.header().revision;
  world.is_blocked = true;
  for (int i = 1; i <= 3; ++i) REQUIRE(world.roll.took(large_revision(at + i, 5'000)));
  if (is_overdue) world.roll_of_node.clock.advance(std::chrono::seconds(6));
  world.roll.store_soon();  // its turn comes after two of the three
  world.unblock();
  REQUIRE(world.roll.applied() == at + 3);
  CHECK(world.replica.calls == calls + (is_overdue ? 1 : 0));
  world.keep_copy();
  CHECK(world.replica.stored >= 15'001);
  REQUIRE(world.replica.kept);
  CHECK(world.replica.kept->applied_revision == at + 3);
}

TEST_CASE("a copy that fails for long keeps the last change of each instance, and does not count them at every try") {
  RollWorld world;
  world.follow();
  world.replica.fails = true;
  world.put_instance("a");
  world.is_blocked = true;
  world.pass();
  const Revision at = world.store.header().revision;
  FollowedRevision many;
  many.revision = at + 1;
  many.index = 1'000 + static_cast<registry::ChangeIndex>(at) + 1;
  for (std::size_t i = 0; i <= k_unstored_max; ++i) {
    many.changes.push_back(
        {.event = {.key = registry::testing::key("web", "b"), .index = many.index},
         .present = registry::DurableChange::Present{.registration = registry::testing::registration("web", "b")}});
  }
  REQUIRE(world.roll.took(std::move(many)));
  world.unblock();
  world.keep_copy();
  CHECK(world.roll.counters().not_stored <= k_unstored_max + 2);
  world.put_instance("c");
  world.pass();
  CHECK(world.roll.counters().not_stored <= 4);
}

}  // namespace
}  // namespace rollcall::cluster
