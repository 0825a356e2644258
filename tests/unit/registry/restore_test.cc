// A new start from what stable storage holds.
#include <string>

#include "base/limits.h"
#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

// The same journal under a new registry, `later` on the wall clock: monotonic time starts over.
struct Restarted : World {
  Restarted(const MemoryJournal& before, WallTime at, std::chrono::milliseconds forget = 1h) : World(forget) {
    journal.services = before.services;
    journal.instances = before.instances;
    journal.index = before.index;
    wall = at;
    registry.restore(journal.restored(), clock.now(), wall);
  }
};

TEST_CASE("after a restart every stored instance is back with one whole lease") {
  World before;
  Registration longer = registration("db", "i-1");
  longer.ttl = 60s;
  CHECK(before.apply({adding("web", "i-1"), adding("web", "i-2"), Register{longer}}).size() == 3);
  before.pass(14s);
  Restarted after(before.journal, before.wall + 10h);
  CHECK(after.ids("web") == Ids{"i-1", "i-2"});
  CHECK(after.left(key("web", "i-1")) == 15s);
  CHECK(after.left(key("db", "i-1")) == 60s);
  CHECK(after.registry.counts().instances == 3);
  CHECK(after.registry.counts().services == 2);
  std::ranges::sort(after.audience.lines);
  CHECK(after.audience.lines == Lines{"db #3: i-1", "web #2: i-1 i-2"});
  CHECK(after.journal.attempts == 0);
  SECTION("and who does not call in within it is gone") {
    after.pass(15s - 1ns);
    CHECK(after.renew(key("web", "i-1")));
    CHECK(after.sweep() == 0);
    after.pass(1ns);
    CHECK(after.sweep() == 1);
    CHECK(after.ids("web") == Ids{"i-1"});
  }
}

TEST_CASE("what may have changed while nobody looked comes back at an index nobody has seen") {
  World before;
  CHECK(before.apply({adding("db", "i-1"), adding("web", "i-1")}).size() == 2);
  before.journal.services.at({k_svc, "db"}).index = 0;
  InstanceRecord by_hand = before.journal.instances.at(key("db", "i-1"));
  by_hand.registration.key.id = "by-hand";
  by_hand.index = 0;
  before.journal.instances.emplace(key("db", "by-hand"), by_hand);
  Restarted after(before.journal, before.wall + 1h);
  CHECK(after.index_of("db") == 3);
  CHECK(after.index_of("web") == 2);
  CHECK(after.registry.counts().index == 3);
  {
    const rcu::ReadLock lock;
    CHECK(after.registry.find_instance(key("db", "i-1").ref())->index == 1);
    CHECK(after.registry.find_instance(key("db", "by-hand").ref())->index == 3);
  }
  CHECK(after.registry.record_pending());  // and stays there over the next start
  CHECK(after.journal.services.at({k_svc, "db"}).index == 3);
  CHECK_FALSE(after.journal.services.at({k_svc, "db"}).emptied_at);
  Restarted again(after.journal, after.wall + 1h);
  CHECK(again.index_of("db") == 3);
}

TEST_CASE("a start goes on behind what may have been shown, and a new database begins at the clock") {
  const WallTime noon{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + 12h};
  CHECK(index_of_start(0, noon) == 1'772'366'400'000);
  CHECK(index_of_start(0, WallTime(-5s)) == 1);
  CHECK(index_of_start(7, noon) == 7 + limits::k_restart_index_gap);
}

TEST_CASE("of too many empty services in the database the oldest are forgotten at the start") {
  World before;
  const WallTime at = before.wall;
  for (std::size_t i = 0; i <= limits::k_empty_services_max; ++i) {
    const ServiceKey name{k_svc, "s" + std::to_string(i)};
    before.journal.services.emplace(
        name, ServiceRecord{name, i + 1, to_set(Protocol::tcp), at + std::chrono::milliseconds(i == 77 ? 0 : i + 1)});
  }
  before.journal.index = limits::k_empty_services_max + 1;
  Restarted after(before.journal, at + 1min);
  CHECK(after.registry.counts().services == limits::k_empty_services_max);
  CHECK_FALSE(after.knows("s77"));
  CHECK(after.registry.record_pending());
  CHECK_FALSE(after.journal.services.contains({k_svc, "s77"}));
}

TEST_CASE("a restored instance is the one that was registered") {
  World before;
  Registration asked = registration("web", "i-1");
  asked.tags = {"blue"};
  asked.meta = {{"version", "1"}};
  asked.priority = 2;
  asked.weight = 0;
  CHECK(before.apply(Register{asked}));
  Restarted after(before.journal, before.wall + 1h);
  const rcu::ReadLock lock;
  const Instance* instance = after.registry.find_instance(asked.key.ref());
  CHECK(instance->registration() == asked);
  CHECK(instance->index == 1);
  CHECK(instance->registered_at == before.wall);
}

TEST_CASE("the count of changes goes on after a restart") {
  World before;
  CHECK(before.apply({adding("web", "i-1"), adding("db", "i-1"), removing("db", "i-1")}).size() == 3);
  Restarted after(before.journal, before.wall);
  CHECK(after.registry.counts().index == 3);
  CHECK(after.index_of("web") == 1);
  CHECK(after.index_of("db") == 3);
  CHECK(after.add("web", "i-2")->index == 4);
}

TEST_CASE("the count of changes is at least that of any row, whatever the store says it is") {
  World before;
  CHECK(before.apply({adding("web", "i-1"), adding("web", "i-2")}).size() == 2);
  before.journal.index = 0;
  Restarted after(before.journal, before.wall);
  CHECK(after.registry.counts().index == 2);
  CHECK(after.index_of("web") == 2);
}

TEST_CASE("an instance whose service has no row brings its service along") {
  World before;
  CHECK(before.add("web", "i-1"));
  before.journal.services.clear();
  Restarted after(before.journal, before.wall);
  CHECK(after.ids("web") == Ids{"i-1"});
  const rcu::ReadLock lock;
  CHECK(after.registry.find_service({k_svc, "web"})->protocols == to_set(Protocol::tcp));
}

TEST_CASE("an empty service is remembered for the rest of its hour") {
  World before;
  CHECK(before.add("web", "i-1"));
  CHECK(before.remove("web", "i-1"));
  Restarted after(before.journal, before.wall + 20min);
  CHECK(after.knows("web"));
  after.pass(40min - 1ns);
  after.sweep();
  CHECK(after.knows("web"));
  after.pass(1ns);
  after.sweep();
  CHECK_FALSE(after.knows("web"));
  CHECK(after.registry.record_pending());
  CHECK(after.journal.services.empty());
}

TEST_CASE("an empty service whose hour passed while the server was down is forgotten at once") {
  World before;
  CHECK(before.add("web", "i-1"));
  CHECK(before.remove("web", "i-1"));
  Restarted after(before.journal, before.wall + 25h);
  after.sweep();
  CHECK_FALSE(after.knows("web"));
}

TEST_CASE("an empty service is remembered an hour at most, though the wall clock was set back") {
  World before;
  CHECK(before.add("web", "i-1"));
  CHECK(before.remove("web", "i-1"));
  Restarted after(before.journal, before.wall - 24h);
  after.pass(1h - 1ns);
  after.sweep();
  CHECK(after.knows("web"));
  after.pass(1ns);
  after.sweep();
  CHECK_FALSE(after.knows("web"));
}

TEST_CASE("a service's row that says neither empty since nor has instances is remembered an hour from now") {
  World before;
  CHECK(before.add("web", "i-1"));
  before.journal.instances.clear();
  Restarted after(before.journal, before.wall + 25h);
  after.pass(1h - 1ns);
  after.sweep();
  CHECK(after.knows("web"));
  after.pass(1ns);
  after.sweep();
  CHECK_FALSE(after.knows("web"));
}

TEST_CASE("a drain survives the restart, and registering again does not undo it") {
  World before;
  CHECK(before.add("web", "i-1"));
  before.journal.instances.at(key("web", "i-1")).standing = Status::draining;
  Restarted after(before.journal, before.wall);
  const auto status = [&] {
    const rcu::ReadLock lock;
    return after.registry.find_instance(key("web", "i-1").ref())->status;
  };
  CHECK(status() == Status::draining);
  CHECK(after.add("web", "i-1")->status == Status::draining);  // a renewal
  Registration changed = registration("web", "i-1");
  changed.port = 9090;
  const Outcome updated = after.apply(Register{changed});
  CHECK(updated->changed);
  CHECK(updated->status == Status::draining);
  CHECK(status() == Status::draining);
  CHECK(after.journal.instances.at(changed.key).standing.status() == Status::draining);
  SECTION("but leaving does") {
    CHECK(after.remove("web", "i-1"));
    CHECK(after.add("web", "i-1")->status == Status::ready);
  }
  SECTION("and so does the end of the lease") {
    after.pass(15s);
    CHECK(after.add("web", "i-1")->status == Status::ready);
  }
}

TEST_CASE("an end that the store never heard of is taken back by a restart") {
  World before;
  CHECK(before.add("web", "i-1"));
  before.journal.fails_with = Errc::store_failed;
  before.pass(15s);
  CHECK(before.sweep() == 1);
  Restarted after(before.journal, before.wall);
  CHECK(after.ids("web") == Ids{"i-1"});  // one lease of grace: it may well be alive
  after.pass(15s);
  CHECK(after.sweep() == 1);
}

TEST_CASE("what comes in parts is back as if it had come whole") {
  World before;
  for (const char* service : {"a", "b", "c"}) {
    CHECK(before.add(service, "i-1"));
    CHECK(before.add(service, "i-2"));
  }
  World after;
  for (const char* service : {"c", "a", "b"}) {  // zones may be numbered in another order than their names are in
    Restored part = before.journal.restored();
    std::erase_if(part.services, [&](const ServiceRecord& record) { return record.key.name != service; });
    std::erase_if(part.instances,
                  [&](const InstanceRecord& record) { return record.registration.key.service.name != service; });
    after.registry.restore(std::move(part), after.clock.now(), after.wall);
  }
  CHECK(after.registry.counts().instances == 6);
  CHECK(after.registry.counts().services == 3);
  CHECK(after.registry.counts().index == before.registry.counts().index);
  CHECK(after.ids("b") == Ids{"i-1", "i-2"});
  CHECK(after.left(key("a", "i-2")) == 15s);
}

TEST_CASE("what comes in no order is back in order") {
  World before;
  for (const char* id : {"i-1", "i-2", "i-3"}) CHECK(before.add("web", id));
  Restored stored = before.journal.restored();
  std::ranges::reverse(stored.instances);
  World after;
  after.registry.restore(std::move(stored), after.clock.now(), after.wall);
  CHECK(after.ids("web") == Ids{"i-1", "i-2", "i-3"});
}

}  // namespace
}  // namespace rollcall::registry
