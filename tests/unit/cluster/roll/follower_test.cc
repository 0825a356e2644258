#include "cluster/roll/follower.h"

#include "catch.h"
#include "unit/cluster/roll/store_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;

class RecordingRoll final : public RollSink {
 public:
  void found(const StoredFormat& format) override { lines.push_back("found " + format.incarnation); }
  void lost_history() override { lines.emplace_back("lost"); }
  [[nodiscard]] registry::ChangeIndex shown() const override { return 0; }
  void took(FollowedSnapshot&& snapshot) override {
    lines.push_back("snapshot of " + std::to_string(snapshot.instances.size()));
    at.push_back(snapshot.revision);
  }
  bool took(FollowedRevision&& revision) override {
    if (is_full) return false;
    lines.push_back("revision of " + std::to_string(revision.changes.size()));
    at.push_back(revision.revision);
    return true;
  }
  std::vector<std::string> lines;
  std::vector<Revision> at;
  bool is_full = false;
};

struct FollowerWorld : StoreWorld {
  KnownInstances known;
  RecordingRoll roll;
  std::optional<registry::ReplicaPlace> copy;
  std::shared_ptr<Follower> follower;

  void start() {
    follower = std::make_shared<Follower>(*engine, keys, zones, registry::LeaseBounds{}, known, copy, roll);
  }
  // Ticks until nothing is left to be done.
  void follow(int ticks = 4) {
    if (follower == nullptr) start();
    for (int i = 0; i < ticks; ++i) {
      follower->tick(std::chrono::steady_clock::now() + std::chrono::hours(1));
      pass(std::chrono::seconds(4));
    }
  }
  Revision put_lane(const std::string& id) {
    return put(keys.lane("n1", 0), write_lane({.id = id, .node = "n1", .at = {}, .marks = {}}));
  }
  [[nodiscard]] std::vector<std::string> told() { return std::exchange(roll.lines, {}); }
};
using Lines = std::vector<std::string>;

TEST_CASE("everything is read once, then followed revision by revision, in order") {
  FollowerWorld world;
  world.put_instance("a");
  world.follow();
  CHECK(world.told() == Lines{"found f00", "snapshot of 1"});
  CHECK(world.follower->link() == cluster::Link::following);
  world.put_instance("b");
  world.erase(world.place("a"));
  world.follow();
  CHECK(world.told() == Lines{"revision of 1", "revision of 1"});
  CHECK(std::ranges::is_sorted(world.roll.at));
  CHECK(world.follower->applied() == world.store.header().revision);
}

TEST_CASE("a connection that is lost goes on in the same history, without reading all") {
  FollowerWorld world;
  world.put_instance("a");
  world.put_lane("l1");
  world.follow();
  (void)world.told();
  world.engine->store_restored();  // the watch breaks off, and nothing else
  world.put_instance("b");
  world.follow();
  CHECK(world.told() == Lines{"revision of 1"});
  CHECK(world.follower->link() == cluster::Link::following);
}

TEST_CASE("what is compacted is read anew") {
  FollowerWorld world;
  world.put_instance("a");
  world.put_lane("l1");
  world.follow();
  (void)world.told();
  world.link.slow_watch = 1;
  world.put_instance("b");
  world.put_instance("c");
  world.store.compact(world.store.header().revision);
  world.link.slow_watch = 0;
  world.follow();
  CHECK(world.told() == Lines{"snapshot of 3"});
  CHECK(world.follower->applied() == world.store.header().revision);
}

TEST_CASE("a store that was restored is another history: it is taken over, with indexes above those shown") {
  FollowerWorld world;
  world.put_instance("a");
  world.put_lane("l1");
  const auto saved = world.store.save();
  world.put_lane("l2");
  world.follow();
  (void)world.told();
  const registry::ChangeIndex shown = world.follower->decoder()->index_of(world.follower->applied());
  world.store.restore(*saved, false);
  world.follow();
  CHECK(world.follower->link() == cluster::Link::following);
  CHECK(world.told() == Lines{"lost", "found f00", "snapshot of 1"});
  CHECK(world.follower->decoder()->index_of(1) > shown);
  world.put_instance("new");
  world.follow();
  CHECK(world.told() == Lines{"revision of 1"});
}

TEST_CASE("a store that was restored is another history, also when it has passed the revision followed") {
  FollowerWorld world;
  world.put_instance("a");
  world.put_lane("l1");
  const auto saved = world.store.save();
  world.put_lane("l2");
  world.follow();
  (void)world.told();
  const Revision followed = world.follower->applied();
  world.store.restore(*saved, false);
  while (world.store.header().revision < followed + 5) world.put_instance("new");
  world.follow();
  CHECK(world.follower->link() == cluster::Link::following);
  CHECK(world.told() == Lines{"lost", "found f00", "snapshot of 2"});
}

TEST_CASE("a history with another name is taken over; a later version is not followed") {
  FollowerWorld world;
  world.follow();
  (void)world.told();
  world.engine->store_restored();
  world.put(world.keys.format(), write_format({.version = 1, .base = 9, .incarnation = "f01"}));
  world.follow();
  CHECK(world.follower->link() == cluster::Link::following);
  CHECK(world.told() == Lines{"lost", "found f01", "snapshot of 0"});
  FollowerWorld later;
  later.put(later.keys.format(), write_format({.version = 2, .base = 9, .incarnation = "f01"}));
  later.follow();
  CHECK(later.follower->link() == cluster::Link::unknown_version);
  CHECK(later.told().empty());
  FollowerWorld none;
  none.erase(none.keys.format());
  none.follow();
  CHECK(none.follower->link() == cluster::Link::no_cluster);
}

TEST_CASE("a node that starts with its copy reads all, if the history is the same") {
  FollowerWorld world;
  world.put_instance("a");
  const Revision at = world.put_lane("l1");
  world.put_instance("b");
  world.copy = registry::ReplicaPlace{.cluster = "lab",
                                      .incarnation = "f00",
                                      .applied_revision = at,
                                      .lane = world.keys.lane("n1", 0),
                                      .lane_id = "l1"};
  world.follow();
  // As it was then, and what has happened since.
  CHECK(world.told() == Lines{"found f00", "snapshot of 1", "revision of 1"});
  FollowerWorld other;
  other.put_instance("a");
  other.copy = world.copy;
  other.copy->applied_revision = other.put_lane("l9");
  other.follow();
  CHECK(other.follower->link() == cluster::Link::following);
  CHECK(other.told() == Lines{"found f00", "lost", "found f00", "snapshot of 1"});
}

TEST_CASE("what happens while everything is read again is brought once, after it") {
  FollowerWorld world;
  world.put_instance("a");
  world.put_lane("l1");
  world.follow();
  (void)world.told();
  world.follower->read_again();
  world.follower->tick(std::chrono::steady_clock::now() + std::chrono::hours(1));
  for (int i = 0; i < 20; ++i) {
    world.put_instance("n" + std::to_string(i));
    world.pass(std::chrono::milliseconds(1));
  }
  world.follow();
  CHECK(std::ranges::is_sorted(world.roll.at));
  CHECK(std::ranges::count(world.roll.at, world.roll.at.back()) == 1);
  CHECK(world.roll.at.back() == world.store.header().revision);
  CHECK(world.known.size() == 21);
}

TEST_CASE("what the roll has no room for is dropped, and everything read again") {
  FollowerWorld world;
  world.put_lane("l1");
  world.put_instance("a");
  world.follow();
  (void)world.told();
  world.roll.is_full = true;
  world.put_instance("b");
  world.pass();
  world.roll.is_full = false;
  world.put_instance("c");
  world.pass();
  CHECK(world.told().empty());
  world.follow();
  CHECK(world.told() == Lines{"snapshot of 2", "revision of 1"});
  world.put_instance("d");
  world.pass();
  CHECK(world.told() == Lines{"revision of 1"});
}

}  // namespace
}  // namespace rollcall::cluster
