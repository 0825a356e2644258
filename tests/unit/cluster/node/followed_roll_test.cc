#include "cluster/node/followed_roll.h"

#include "catch.h"
#include "cluster/node/ends.h"
#include "unit/cluster/roll/store_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using registry::testing::k_svc;
using Ids = std::vector<std::string>;

class MemoryReplica final : public registry::Replica {
 public:
  Result<std::optional<registry::ReplicaPlace>> place() override { return kept; }
  Result<void> store(std::span<const registry::DurableChange> changes, const registry::ReplicaPlace& at) override {
    ++calls;
    if (fails) return failure(Errc::store_failed, "the disk says no");
    stored += changes.size();
    kept = at;
    return {};
  }
  Result<void> clear() override {
    kept.reset();
    return {};
  }
  std::optional<registry::ReplicaPlace> kept;
  std::size_t stored = 0;
  int calls = 0;
  bool fails = false;
};

// One node but its thread and its peers.
struct RollWorld : StoreWorld {
  RollWorld() {
    roll_of_node.registry.let_decide(member);
    follower = std::make_shared<Follower>(*engine, keys, zones, registry::LeaseBounds{}, known, std::nullopt, roll);
  }

  registry::testing::World roll_of_node;
  KnownInstances known;
  ZoneBases bases;
  MemoryReplica replica;
  std::size_t due = 0;
  Member member{*engine,
                keys,
                "n1",
                {},
                {"svc.internal", "lab.example"},
                known,
                {.ends = [this](const std::vector<DueEnd>& ends) { due += ends.size(); }, .drain = {}, .safety = {}}};
  Lanes lanes{*engine, keys, "n1", zones, bases, run_soon()};
  registry::AgreedWriter agreed{roll_of_node.registry, lanes, roll_of_node.clock};
  bool is_blocked = false;
  std::vector<std::move_only_function<void()>> held;  // while the writer is blocked
  FollowedRoll roll{{.registry = roll_of_node.registry,
                     .agreed = agreed,
                     .replica = replica,
                     .clock = roll_of_node.clock,
                     .zones = zones,
                     .member = member,
                     .lanes = lanes,
                     .bases = bases,
                     .cluster = "lab",
                     .zone_count = 2,
                     .run_soon =
                         [this](std::move_only_function<void()> task) {
                           if (is_blocked) {
                             held.push_back(std::move(task));
                           } else {
                             time.after({}, std::move(task));
                           }
                         },
                     .counted = [](registry::ZoneId) {},
                     .shown = {}}};
  std::shared_ptr<Follower> follower;

  void follow(int ticks = 4) {
    for (int i = 0; i < ticks; ++i) {
      follower->tick(std::chrono::steady_clock::now() + std::chrono::hours(1));
      pass(std::chrono::seconds(4));
    }
  }
  void unblock() {
    is_blocked = false;
    for (auto& task : std::exchange(held, {})) time.after({}, std::move(task));
    pass();
  }
  // Until this node answers heartbeats.
  void join() {
    follow();
    for (int i = 0; i < 40 && !member.accepts_changes(); ++i) {
      member.tick();
      pass(std::chrono::milliseconds(300));
    }
    REQUIRE(member.accepts_changes());
  }
  void keep_copy() {
    roll.store_soon();
    pass();
  }
};

TEST_CASE("a change is answered when it is visible, and a heartbeat counts from then on") {
  RollWorld world;
  world.join();
  std::vector<registry::Outcome> outcomes;
  const auto submit = [&](registry::Change change) {
    REQUIRE(world.agreed.submit(std::move(change), [&](registry::Outcome outcome) {
      CHECK(world.roll_of_node.ids("web") == Ids{"a"});
      outcomes.push_back(std::move(outcome));
    }));
    world.agreed.propose_waiting(world.roll_of_node.wall);
    world.pass();
  };
  submit(registry::testing::adding("web", "a"));
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].has_value());
  CHECK(world.member.heartbeat(registry::testing::key("web", "a").ref()) == Member::Verdict::renewed);
  CHECK(world.member.heartbeat(registry::testing::key("web", "b").ref()) == Member::Verdict::unknown);
}

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

TEST_CASE("a lease that is over is ended once, with its reason, and not if the instance has changed") {
  RollWorld world;
  world.join();
  Ends ends(*world.engine, world.keys, {"svc.internal", "lab.example"}, world.known, world.bases, world.member);
  const Revision first = world.put_instance("a");
  const Revision old = world.put_instance("b");
  const Revision changed = world.put_instance("b");
  world.pass();
  const InstanceIds ids("f00");
  const InstanceId a = ids.of("svc.internal", "web", "a");
  const InstanceId b = ids.of("svc.internal", "web", "b");
  ends.propose({{a, first}, {a, first}, {b, old}});
  CHECK(ends.waiting() == 2);
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

}  // namespace
}  // namespace rollcall::cluster
