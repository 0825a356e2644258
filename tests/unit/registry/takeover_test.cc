// A registry that goes on from another one, which has changed the roll while it was restored here.
#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

// The process before, and the next one, which has restored what the journal had at construction.
struct Next : World {
  explicit Next(const World& before) {
    journal.services = before.journal.services;
    journal.instances = before.journal.instances;
    journal.index = before.journal.index;
    journal.events = before.journal.events;
    wall = before.wall;
    registry.expect_handed_roll();
    registry.restore(journal.restored(), clock.now(), wall);
  }

  // Returns the ids that were read again.
  Ids take_over(const World& before) {
    const EventId last = before.journal.events.empty() ? 0 : before.journal.events.back()->id;
    const HandedRoll handed = before.registry.hand_over(before.clock.now(), last);
    Ids read;
    std::vector<InstanceRecord> newer;
    for (const InstanceKey& key : registry.find_newer(handed)) {
      read.push_back(key.id);
      const auto at = before.journal.instances.find(key);
      if (at != before.journal.instances.end()) newer.push_back(at->second);
    }
    registry.take_over(handed, newer, clock, wall);
    std::ranges::sort(read);
    return read;
  }
};

TEST_CASE("the next process has the roll of the one before, with what is left of each lease") {
  World before;
  Registration longer = registration("db", "i-1");
  longer.ttl = 60s;
  CHECK(before.apply({adding("web", "a"), adding("web", "b"), Register{longer}}).size() == 3);
  before.pass(4s);
  CHECK(before.renew(k_a));
  before.pass(3s);
  Next next(before);
  CHECK(next.take_over(before).empty());
  CHECK(next.ids("web") == Ids{"a", "b"});
  CHECK(next.left(k_a) == 12s);
  CHECK(next.left(key("web", "b")) == 8s);
  CHECK(next.left(key("db", "i-1")) == 53s);
  CHECK(next.index_of("web") == before.index_of("web"));
  CHECK(next.registry.counts().index == before.registry.counts().index);
  CHECK(next.registry.counts().instances == 3);
  CHECK(next.sink.lines.empty());
  SECTION("each ends when it would have ended, and not before") {
    next.pass(8s - 1ms);
    CHECK(next.sweep() == 0);
    next.pass(1ms);
    CHECK(next.sweep() == 1);
    CHECK(next.ids("web") == Ids{"a"});
  }
  SECTION("a heartbeat gives it its whole time") {
    CHECK(next.renew(key("web", "b")));
    CHECK(next.left(key("web", "b")) == 15s);
  }
  SECTION("changes and events go on behind the last ones") {
    CHECK(next.add("web", "c")->index == before.registry.counts().index + 1);
    CHECK(next.sink.lines == Lines{"#4 web/c registered: registered"});
  }
}

TEST_CASE("what came, changed and went while the next process restored is as the one before has it") {
  World before;
  CHECK(
      before.apply({adding("web", "a"), adding("web", "gone"), adding("web", "same"), adding("last", "only")}).size() ==
      4);
  Next next(before);
  Registration changed = registration("web", "a");
  changed.port = 9090;
  CHECK(before.apply(Register{changed}));
  CHECK(before.remove("web", "gone"));
  CHECK(before.add("web", "new"));
  CHECK(before.add("fresh", "x"));
  CHECK(before.remove("last", "only"));
  CHECK(next.take_over(before) == Ids{"a", "new", "x"});
  CHECK(next.ids("web") == Ids{"a", "new", "same"});
  CHECK(next.ids("fresh") == Ids{"x"});
  CHECK(next.knows("last"));
  CHECK(next.ids("last").empty());
  CHECK(next.registry.counts().instances == 4);
  for (const char* service : {"web", "fresh", "last"}) CHECK(next.index_of(service) == before.index_of(service));
  {
    const rcu::ReadLock lock;
    CHECK(next.registry.find_instance(k_a.ref())->port() == 9090);
  }
  CHECK(next.left(k_a) == 15s);
  CHECK(next.sink.lines.empty());
  CHECK(next.journal.attempts == 0);
  next.pass(16s);
  CHECK(next.sweep() == 4);
}

TEST_CASE("a name that became free while the next process restored can have been taken by another instance") {
  World before;
  CHECK(before.add("web", "Host-1"));
  Next next(before);
  CHECK(before.remove("web", "Host-1"));
  CHECK(before.add("web", "host-1"));
  next.take_over(before);
  CHECK(next.ids("web") == Ids{"host-1"});
}

TEST_CASE("a service that came and went, or was forgotten, while the next process restored") {
  World before(1s);
  CHECK(before.add("old", "i"));
  CHECK(before.remove("old", "i"));
  Next next(before);
  CHECK(next.knows("old"));
  before.pass(2s);
  CHECK(before.sweep() == 0);
  CHECK(before.add("brief", "i"));
  CHECK(before.remove("brief", "i"));
  next.take_over(before);
  CHECK_FALSE(next.knows("old"));
  CHECK(next.knows("brief"));
  CHECK(next.index_of("brief") == before.index_of("brief"));
}

TEST_CASE("an instance without a lease has none in the next process") {
  World before;
  Registration forever = registration("web", "a");
  forever.ttl = 0ms;
  forever.lease = LeaseKind::none;
  CHECK(before.apply(Register{forever}));
  Next next(before);
  next.take_over(before);
  next.pass(1000h);
  CHECK(next.sweep() == 0);
  CHECK(next.ids("web") == Ids{"a"});
}

}  // namespace
}  // namespace rollcall::registry
