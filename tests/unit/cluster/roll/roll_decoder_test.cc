#include "cluster/roll/roll_decoder.h"

#include "catch.h"
#include "unit/cluster/roll/store_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using registry::Cause;
using registry::EventKind;

struct DecoderWorld : StoreWorld {
  KnownInstances known;
  RollDecoder decoder{keys, {.version = 1, .base = 1'000, .incarnation = "f00"}, zones, {}, known};

  FollowedRevision newest() { return decoder.decode(*store.history(store.header().revision)); }
  FollowedRevision commit(const Transaction& transaction) {
    REQUIRE(store.apply(transaction, 0).outcome == CommitOutcome::applied);
    return newest();
  }
  FollowedRevision see(const std::string& label, const std::string& more = {}) {
    put_instance(label, more);
    return newest();
  }
  FollowedSnapshot read(std::size_t page = 1'000) {
    decoder.begin_snapshot();
    std::vector<KeyValue> all = store.read(range_of_prefix(keys.all()));
    for (auto from = all.begin(); from != all.end();) {
      const auto to = from + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(page), all.end() - from);
      decoder.add_page({std::make_move_iterator(from), std::make_move_iterator(to)});
      from = to;
    }
    return decoder.end_snapshot(store.header().revision);
  }
  [[nodiscard]] InstanceId id_of(const std::string& label) const {
    return decoder.ids().of("svc.internal", "web", label);
  }
};

TEST_CASE("what is put by hand is registered, updated and deregistered") {
  DecoderWorld world;
  const FollowedRevision first = world.see("x1", R"(,"ttl":"15s")");
  REQUIRE(first.changes.size() == 1);
  CHECK(first.changes[0].event.kind == EventKind::registered);
  CHECK(first.changes[0].event.by == "etcd");
  CHECK(first.changes[0].event.index == 1'000 + static_cast<registry::ChangeIndex>(first.revision));
  REQUIRE(first.liveness.put.size() == 1);
  CHECK(first.liveness.put[0].id == world.id_of("x1"));
  CHECK(first.uncounted.size() == 1);
  CHECK(world.see("x1", R"(,"weight":7)").changes.at(0).event.kind == EventKind::updated);
  world.erase(world.place("x1"));
  const FollowedRevision last = world.newest();
  REQUIRE(last.changes.size() == 1);
  CHECK(last.changes[0].event.kind == EventKind::deregistered);
  CHECK(last.liveness.ended.size() == 1);
  CHECK(world.known.size() == 0);
}

TEST_CASE("an instance that goes with a lease of etcd is ended by nobody here, and expires with it") {
  DecoderWorld world;
  const LeaseId lease = world.store.grant(std::chrono::seconds(60));
  world.put(world.place("x1"), R"({"address":"192.0.2.1","port":8080,"ttl":"15s"})", lease);
  const FollowedRevision put = world.newest();
  CHECK(put.liveness.put.empty());
  CHECK(world.known.find(world.id_of("x1"))->ttl.count() == 0);
  world.store.revoke(lease);
  const FollowedRevision gone = world.newest();
  REQUIRE(gone.changes.size() == 1);
  CHECK(gone.changes[0].event.kind == EventKind::expired);
  CHECK(gone.changes[0].event.cause == Cause::lease_ended);
}

TEST_CASE("another id at the same label leaves before the new one comes, which has a lease of its own") {
  DecoderWorld world;
  (void)world.see("x1", R"(,"id":"x1")");
  const FollowedRevision moved =
      world.commit({.puts = {{world.place("x1"), R"({"address":"192.0.2.2","port":8080,"id":"X1"})"},
                             {world.place("x2"), R"({"address":"192.0.2.3","port":8080})"}}});
  REQUIRE(moved.changes.size() == 3);
  CHECK(moved.changes[0].event.key.id == "x1");
  CHECK(moved.changes[0].event.kind == EventKind::deregistered);
  CHECK(moved.changes[1].event.key.id == "X1");
  CHECK(moved.changes[1].event.kind == EventKind::registered);
  // Each event has a number of its own.
  CHECK(moved.changes[0].event.id < moved.changes[1].event.id);
  CHECK(moved.changes[1].event.id < moved.changes[2].event.id);
  // Its lease goes on to be counted.
  CHECK(moved.liveness.ended.empty());
  CHECK(moved.liveness.put.size() == 2);
}

TEST_CASE("a lane tells why, and a renewal is no event") {
  DecoderWorld world;
  LaneRecord record{.id = "1", .node = "n1", .at = {}, .marks = {}};
  record.marks.push_back({.key = "roll/svc.internal/web/x1",
                          .kind = EventKind::registered,
                          .cause = Cause::registered,
                          .by = "token ops",
                          .detail = {}});
  const std::string value = R"({"address":"192.0.2.1","port":8080})";
  const auto with_lane = [&](const std::string& text) {
    return Transaction{.puts = {{world.place("x1"), text},
                                {world.keys.lane("n1", 0), write_lane(record)},
                                {world.keys.serial("svc.internal"), "5"}}};
  };
  const FollowedRevision registered = world.commit(with_lane(value));
  CHECK(registered.changes.at(0).event.by == "token ops");
  REQUIRE(registered.lane);
  CHECK(registered.lane->id == "1");
  CHECK(registered.uncounted.empty());
  REQUIRE(registered.counts.size() == 1);
  CHECK(registered.counts[0].count == 6);
  record.marks[0].is_renewal = true;
  record.marks[0].kind = EventKind::updated;
  const FollowedRevision renewed = world.commit(with_lane(value));
  CHECK(renewed.changes.at(0).event.id == 0);
  CHECK(renewed.liveness.put.size() == 1);
  // A mark of a value that nobody can read does not make an update of what leaves.
  const FollowedRevision broken = world.commit(with_lane("{"));
  REQUIRE(broken.changes.size() == 1);
  CHECK(broken.changes[0].event.kind == EventKind::deregistered);
  CHECK_FALSE(broken.changes[0].present);
}

TEST_CASE("a value that breaks a rule takes its instance off the roll, until it is put right") {
  DecoderWorld world;
  (void)world.see("x1");
  CHECK(world.see("x1", R"(,"port":99999999)").changes.at(0).event.kind == EventKind::deregistered);
  CHECK(world.decoder.ignored(10).second == 1);
  CHECK(world.see("x1", R"(,"surprise":1)").changes.empty());
  CHECK(world.see("x1").changes.at(0).event.kind == EventKind::registered);
  CHECK(world.decoder.ignored(10).second == 0);
  (void)world.see("x2", R"(,"surprise":1)");
  CHECK(world.decoder.ignored(10).second == 1);
  world.erase(world.place("x2"));
  CHECK(world.newest().changes.empty());
  CHECK(world.decoder.ignored(10).second == 0);
}

TEST_CASE("keys of zones that are not served here, and of other programs, are left alone") {
  DecoderWorld world;
  world.put(world.keys.instance("other.example", "web", "a"), R"({"address":"192.0.2.1","port":1})");
  CHECK(world.newest().changes.empty());
  world.put(world.keys.all() + "notes", "x");
  CHECK(world.newest().changes.empty());
  CHECK(world.read().instances.empty());
}

TEST_CASE("a node's key that cannot be read stands for a member that is never heard") {
  DecoderWorld world;
  world.put(world.keys.node("n2").node, "{");
  const FollowedRevision broken = world.newest();
  REQUIRE(broken.liveness.nodes.size() == 1);
  CHECK(broken.liveness.nodes[0].is_member);
  CHECK(world.decoder.ignored(10).second == 1);
  CHECK(world.read().liveness.nodes.at(0).is_member);
  StoredNode node;
  node.incarnation = 5;
  world.put(world.keys.node("n2").node, write_node(node));
  CHECK_FALSE(world.newest().liveness.nodes.at(0).is_member);
  CHECK(world.decoder.ignored(10).second == 0);
  world.erase(world.keys.node("n2").node);
  CHECK(world.newest().liveness.nodes_gone == std::vector<std::string>{"n2"});
}

TEST_CASE("a snapshot in pages tells the same as in one") {
  DecoderWorld world;
  for (int i = 0; i < 10; ++i) world.put_instance("x" + std::to_string(i));
  world.put(world.keys.serial("svc.internal"), "0");
  world.put(world.keys.service("svc.internal", "web"), write_service({.protocols = 1, .emptied_at = {}}));
  const Revision fence = world.put("/rollcall/lab/members", "n1");
  world.put(world.keys.lane("n1", 0), write_lane({.id = "a", .node = "n1", .at = {}, .marks = {}}));
  world.put(world.keys.lane("n0", 3), write_lane({.id = "b", .node = "n0", .at = {}, .marks = {}}));
  for (const std::size_t page : {1U, 3U, 1'000U}) {
    const FollowedSnapshot snapshot = world.read(page);
    CHECK(snapshot.instances.size() == 10);
    CHECK(std::ranges::is_sorted(snapshot.instances, {}, &FollowedSnapshot::Present::changed));
    CHECK(snapshot.liveness.instances.size() == 10);
    CHECK(snapshot.liveness.members == fence);
    CHECK(snapshot.services.size() == 1);
    CHECK(snapshot.counts.size() == 1);
    REQUIRE(snapshot.lane);
    CHECK(snapshot.lane->id == "b");
    CHECK(world.known.size() == 10);
  }
}

TEST_CASE("ids of the exchange are the same in any case, and others in another history") {
  const InstanceIds ids("f00");
  CHECK(ids.of("a", "b", "C") == ids.of("a", "b", "c"));
  CHECK_FALSE(ids.of("a", "b", "c") == ids.of("ab", "", "c"));
  CHECK_FALSE(ids.of("a", "b", "c") == InstanceIds("f01").of("a", "b", "c"));
}

}  // namespace
}  // namespace rollcall::cluster
