#include "cluster/roll/lanes.h"

#include "catch.h"
#include "unit/cluster/roll/store_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using registry::ChangeIndex;
using registry::NotRecorded;
using registry::Recorded;
using Reason = NotRecorded::Reason;

struct LanesWorld : StoreWorld {
  LanesWorld() { lanes.begin(1'000); }

  ZoneBases bases;
  Lanes lanes{*engine, keys, "n1", zones, bases, run_soon()};
  std::vector<Recorded> replies;
  registry::InstanceRecord record;
  registry::Transaction transaction;

  [[nodiscard]] std::string lane() const { return keys.lane("n1", 0); }
  // `replaces`: the revision that this node has seen; 0: none.
  void propose_put(const std::string& id, Revision replaces = 0) {
    record = {.registration = registry::testing::registration("web", id), .registered_at = {}};
    record.replaces = replaces == 0 ? 0 : 1'000 + static_cast<ChangeIndex>(replaces);
    transaction = {};
    transaction.instances = {&record};
    send();
  }
  void propose_removal(const registry::InstanceKey& key, Revision replaces) {
    transaction = {};
    transaction.removed = {{key.ref(), 1'000 + static_cast<ChangeIndex>(replaces)}};
    send();
  }
  void send() {
    lanes.propose(0, transaction, [this](Recorded recorded) { replies.push_back(std::move(recorded)); });
  }
  // Deletes the lane's answers until etcd has done what it was asked.
  void lose_answers() { ++link.answers_cut; }
  void look_again(int times = 3) {
    for (int i = 0; i < times; ++i) {
      pass(std::chrono::seconds(4));
      lanes.look_again();
    }
  }
};

TEST_CASE("what a lane has put is there, with its record and the zone's count") {
  LanesWorld world;
  world.propose_put("X1");
  world.pass();
  REQUIRE(world.replies.size() == 1);
  REQUIRE(world.replies[0].has_value());
  const Revision revision = world.store.changed(world.place("x1"));
  CHECK(world.replies[0]->last_index == 1'000 + static_cast<ChangeIndex>(revision));
  CHECK(world.store.changed(world.lane()) == revision);
  CHECK(world.store.changed(world.keys.serial("svc.internal")) == revision);
  // The lane knows itself: the next one is applied at once.
  world.propose_put("x2");
  world.pass();
  CHECK(world.replies.at(1).has_value());
}

TEST_CASE("a lane that an earlier run has moved is learnt, and the change applied") {
  LanesWorld world;
  world.put(world.lane(), write_lane({.id = "old", .node = "n1", .at = {}, .marks = {}}));
  world.propose_put("a");
  world.pass();
  REQUIRE(world.replies.size() == 1);
  CHECK(world.replies[0].has_value());
  CHECK(world.lanes.counters().conflicts == 0);
}

TEST_CASE("a lane that met no difference for a while asks etcd for it when there is one") {
  LanesWorld world;
  for (const char* id : {"a", "b", "c"}) {
    world.propose_put(id);
    world.pass();
    REQUIRE(world.replies.back().has_value());
  }
  const Revision seen = world.store.changed(world.place("a"));
  const Revision theirs = world.put_instance("a", R"(,"weight":9)");
  world.propose_put("a", seen);
  world.pass();
  REQUIRE_FALSE(world.replies.back().has_value());
  CHECK(world.replies.back().error().reason == Reason::conflict);
  CHECK(world.replies.back().error().conflicts.size() == 1);
  CHECK(world.replies.back().error().follow_up_to == 1'000 + static_cast<ChangeIndex>(theirs));
  world.propose_put("a", theirs);
  world.pass();
  CHECK(world.replies.back().has_value());
}

TEST_CASE("an id that another one has the key of is told so, by whatever door it comes") {
  LanesWorld world;
  world.put_instance("web1", R"(,"id":"Web1")");
  world.propose_put("web1");
  world.pass();
  REQUIRE(world.replies.size() == 1);
  REQUIRE_FALSE(world.replies[0]);
  CHECK(world.replies[0].error().reason == Reason::refused);
  CHECK(world.replies[0].error().code == Errc::conflict);
}

TEST_CASE("a conflict names the instance that another node has changed, and how far to follow") {
  LanesWorld world;
  const Revision theirs = world.put_instance("a");
  world.propose_put("a");
  world.pass();
  REQUIRE(world.replies.size() == 1);
  REQUIRE_FALSE(world.replies[0]);
  CHECK(world.replies[0].error().reason == Reason::conflict);
  CHECK(world.replies[0].error().conflicts == std::vector{registry::testing::key("web", "a")});
  CHECK(world.replies[0].error().follow_up_to == 1'000 + static_cast<ChangeIndex>(theirs));
  CHECK(world.store.changed(world.place("a")) == theirs);
}

TEST_CASE("after a conflict with a deletion, what is to be followed is later than the deletion") {
  LanesWorld world;
  const Revision before = world.put_instance("a");
  const Revision deleted = world.erase(world.place("a"));
  world.propose_put("a", before);
  world.pass();
  REQUIRE(world.replies.size() == 1);
  REQUIRE_FALSE(world.replies[0]);
  CHECK(world.replies[0].error().reason == Reason::conflict);
  CHECK(world.replies[0].error().follow_up_to > 1'000 + static_cast<ChangeIndex>(deleted));
  world.propose_put("a");
  world.pass();
  CHECK(world.replies.at(1).has_value());
}

TEST_CASE("a change whose answer is lost is found in its lane") {
  LanesWorld world;
  world.lose_answers();
  world.propose_put("a");
  world.pass();
  const Revision applied = world.store.changed(world.place("a"));
  REQUIRE(applied != 0);
  CHECK(world.replies.empty());
  world.link.answers_cut = 0;
  world.look_again();
  REQUIRE(world.replies.size() == 1);
  REQUIRE(world.replies[0].has_value());
  CHECK(world.replies[0]->last_index == 1'000 + static_cast<ChangeIndex>(applied));
}

TEST_CASE("a change that is not applied when its lane is touched never will be") {
  LanesWorld world;
  world.link.slow_commits = 1;  // up to 10 s: later than anybody waits
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    world.random = Random(seed);
    world.link.slow_commits = 1;
    const std::string id = "s" + std::to_string(seed);
    world.propose_put(id);
    world.pass(std::chrono::milliseconds(3'001));
    world.link.slow_commits = 0;
    world.look_again(6);
    REQUIRE(world.replies.size() == seed);
    const bool was_there = world.store.has(world.place(id));
    CHECK(world.replies.back().has_value() == was_there);
    world.pass(std::chrono::seconds(20));
    CHECK(world.store.has(world.place(id)) == was_there);
  }
}

TEST_CASE("while etcd does not answer, a lane is touched now and then, and not at once") {
  LanesWorld world;
  ++world.link.requests_cut;
  world.propose_put("a");
  world.pass(std::chrono::seconds(60));  // the change and one touch are given up; nobody looks again
  CHECK(world.replies.empty());
  CHECK(world.lanes.counters().unknown == 1);
  world.link.requests_cut = 0;
  world.pass(std::chrono::seconds(60));
  CHECK(world.replies.empty());
  world.lanes.look_again();
  world.pass();
  REQUIRE(world.replies.size() == 1);
  REQUIRE_FALSE(world.replies[0]);
  CHECK(world.replies[0].error().reason == Reason::refused);
}

TEST_CASE("in lack of space deletions pass, and nothing else") {
  LanesWorld world;
  const Revision there = world.put_instance("a");
  world.store.set_full(true);
  world.propose_removal(registry::testing::key("web", "a"), there);
  world.pass();
  REQUIRE(world.replies.size() == 1);
  CHECK(world.replies[0].has_value());
  CHECK_FALSE(world.store.has(world.place("a")));
  world.propose_put("b");
  world.pass();
  REQUIRE(world.replies.size() == 2);
  REQUIRE_FALSE(world.replies[1]);
  CHECK(world.replies[1].error().code == Errc::store_failed);
  CHECK(world.replies[1].error().reason == Reason::refused);
}

TEST_CASE("a deletion without a put, whose answer is lost, is of unknown outcome, and not refused") {
  LanesWorld world;
  const Revision there = world.put_instance("a");
  world.store.set_full(true);
  world.propose_removal(registry::testing::key("web", "a"), there);
  while (world.store.has(world.place("a"))) world.pass(std::chrono::microseconds(100));
  world.lose_answers();
  world.store.set_full(false);
  world.pass(std::chrono::seconds(4));
  world.link.answers_cut = 0;
  world.look_again();
  REQUIRE(world.replies.size() == 1);
  REQUIRE_FALSE(world.replies[0]);
  CHECK(world.replies[0].error().reason == Reason::unknown);
}

TEST_CASE("how new the store is, is known once its indexes are, and told to all that wait") {
  LanesWorld world;
  Lanes early(*world.engine, world.keys, "n2", world.zones, world.bases, world.run_soon());
  std::optional<ChangeIndex> latest = 1;
  early.read_latest([&](std::optional<ChangeIndex> index) { latest = index; });
  CHECK_FALSE(latest);
  const Revision newest = world.put(world.keys.lane("n3", 1), "{}");
  world.put("somewhere/else", "x");
  std::vector<std::optional<ChangeIndex>> told;
  for (int i = 0; i < 3; ++i) {
    world.lanes.read_latest([&](std::optional<ChangeIndex> index) { told.push_back(index); });
  }
  world.pass();
  CHECK(told == std::vector(3, std::optional(1'000 + static_cast<ChangeIndex>(newest))));
  ++world.link.requests_cut;
  world.lanes.read_latest([&](std::optional<ChangeIndex> index) { told.push_back(index); });
  world.pass(std::chrono::seconds(4));
  REQUIRE(told.size() == 4);
  CHECK_FALSE(told.back());
}

}  // namespace
}  // namespace rollcall::cluster
