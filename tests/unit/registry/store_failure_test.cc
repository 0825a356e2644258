// A store that cannot write: nothing is half done, and what leases owe is written later.
#include <string>

#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

const Errc k_store_errors[] = {Errc::store_busy, Errc::store_failed};

TEST_CASE("a failed record changes nothing, and every change that needed it reports why") {
  World world;
  CHECK(world.add("web", "i-1"));
  const Lines shown = world.audience.lines;
  const Errc error = GENERATE(from_range(std::begin(k_store_errors), std::end(k_store_errors)));
  world.journal.fails_with = error;
  world.pass(1s);
  Registration changed = registration("web", "i-1");
  changed.port = 9090;
  const auto outcomes = world.apply(
      {adding("web", "i-2"), Register{changed}, removing("web", "i-1"), adding("db", "i-1"), adding("web", "i-2")});
  for (const Outcome& outcome : outcomes) {
    CHECK(outcome.error().code == error);
    CHECK(outcome.error().message == "the store says no");
  }
  CHECK(world.ids("web") == Ids{"i-1"});
  CHECK_FALSE(world.knows("db"));
  CHECK(world.audience.lines == shown);
  CHECK(world.registry.counts().index == 1);
  CHECK(world.registry.counts().instances == 1);
  CHECK(world.registry.counts().services == 1);
  CHECK(world.left(key("web", "i-1")) == 14s);  // not even its lease
  CHECK_FALSE(world.registry.has_unrecorded_rows());

  world.journal.fails_with.reset();
  CHECK(world.add("web", "i-2")->index == 2);
  CHECK(world.ids("web") == Ids{"i-1", "i-2"});
}

TEST_CASE("what needs no record succeeds beside a record that fails") {
  World world;
  CHECK(world.add("web", "i-1"));
  world.journal.fails_with = Errc::store_failed;
  world.pass(10s);
  const auto outcomes =
      world.apply({adding("web", "i-1"), adding("web", "i-2"), adding("www", "i-1"), removing("web", "i-9")});
  CHECK(outcomes[0]->expires_at == world.clock.now() + 15s);
  CHECK(outcomes[1].error().code == Errc::store_failed);
  CHECK(outcomes[2].error().code == Errc::conflict);
  CHECK(outcomes[3].error().code == Errc::unknown_instance);
  CHECK(world.left(key("web", "i-1")) == 15s);
}

TEST_CASE("heartbeats and the ends of leases do not need the store") {
  World world;
  CHECK(world.apply({adding("web", "i-1"), adding("web", "i-2")}).size() == 2);
  world.journal.fails_with = Errc::store_failed;
  world.pass(10s);
  CHECK(world.renew(key("web", "i-1")));
  world.pass(5s);
  CHECK(world.sweep() == 1);
  CHECK(world.ids("web") == Ids{"i-1"});
  CHECK(world.audience.lines.back() == "web #3: i-1");
}

TEST_CASE("the rows of ended leases are owed until the journal takes them") {
  World world;
  CHECK(world.apply({adding("web", "i-1"), adding("web", "i-2")}).size() == 2);
  world.pass(15s);
  CHECK(world.sweep() == 2);
  CHECK(world.registry.has_unrecorded_rows());
  CHECK(world.journal.ids("web") == Ids{"i-1", "i-2"});
  world.journal.fails_with = Errc::store_busy;
  CHECK(world.registry.record_pending().error().code == Errc::store_busy);
  CHECK(world.registry.has_unrecorded_rows());
  world.journal.fails_with.reset();
  CHECK(world.registry.record_pending());
  CHECK_FALSE(world.registry.has_unrecorded_rows());
  CHECK(world.journal.ids("web").empty());
  CHECK(world.journal.services.at({k_svc, "web"}).emptied_at == world.wall);
  CHECK(world.journal.index == 3);
}

TEST_CASE("a store that is asked while nothing is owed says whether it works") {
  World world;
  CHECK(world.registry.record_pending());
  world.journal.fails_with = Errc::store_failed;
  CHECK(world.registry.record_pending().error().code == Errc::store_failed);
  CHECK_FALSE(world.registry.has_unrecorded_rows());
}

TEST_CASE("owed rows are written with the next change") {
  World world;
  CHECK(world.add("web", "i-1"));
  world.pass(15s);
  CHECK(world.sweep() == 1);
  CHECK(world.add("db", "i-1"));
  CHECK_FALSE(world.registry.has_unrecorded_rows());
  CHECK(world.journal.ids("web").empty());
  CHECK(world.journal.services.at({k_svc, "web"}).emptied_at.has_value());
  CHECK(world.journal.records == 2);
}

TEST_CASE("an instance that ended while the store failed and came back is on disk once it works") {
  World world;
  CHECK(world.add("web", "i-1"));
  world.journal.fails_with = Errc::store_failed;
  world.pass(15s);
  CHECK(world.sweep() == 1);
  CHECK_FALSE(world.registry.record_pending());
  CHECK_FALSE(world.add("web", "i-1"));  // the client tries, too early
  world.journal.fails_with.reset();
  const Outcome back = world.add("web", "i-1");
  CHECK(back->created);
  CHECK(world.journal.ids("web") == Ids{"i-1"});
  CHECK_FALSE(world.journal.services.at({k_svc, "web"}).emptied_at);
  CHECK_FALSE(world.registry.has_unrecorded_rows());
  CHECK(world.registry.record_pending());
  CHECK(world.journal.ids("web") == Ids{"i-1"});
}

TEST_CASE("an older word about a service never replaces a newer one on disk") {
  World world;
  CHECK(world.apply({adding("web", "i-1"), adding("web", "i-2")}).size() == 2);
  world.pass(10s);
  CHECK(world.renew(key("web", "i-2")));
  world.pass(5s);
  CHECK(world.sweep() == 1);  // owed: web with index 3, and an instance left
  CHECK(world.registry.has_unrecorded_rows());
  CHECK(world.remove("web", "i-2")->index == 4);
  CHECK(world.journal.services.at({k_svc, "web"}).index == 4);
  CHECK(world.journal.services.at({k_svc, "web"}).emptied_at == world.wall);
}

TEST_CASE("of several services that owe an end the one that comes back is on disk as it is now") {
  World world;
  CHECK(world.apply({adding("a", "i-1"), adding("b", "i-1"), adding("c", "i-1")}).size() == 3);
  world.pass(15s);
  CHECK(world.sweep() == 3);
  CHECK(world.add("b", "i-1"));
  CHECK(world.journal.services.at({k_svc, "a"}).emptied_at);
  CHECK_FALSE(world.journal.services.at({k_svc, "b"}).emptied_at);
  CHECK(world.journal.services.at({k_svc, "c"}).emptied_at);
}

TEST_CASE("an update of a service that owes an end leaves both on disk") {
  World world;
  CHECK(world.apply({adding("web", "i-1"), adding("web", "i-2")}).size() == 2);
  world.pass(10s);
  CHECK(world.renew(key("web", "i-2")));
  world.pass(5s);
  CHECK(world.sweep() == 1);
  Registration changed = registration("web", "i-2");
  changed.port = 9090;
  CHECK(world.apply(Register{changed})->index == 4);
  CHECK(world.journal.ids("web") == Ids{"i-2"});
  CHECK(world.journal.index == 4);
  CHECK_FALSE(world.journal.services.at({k_svc, "web"}).emptied_at);
}

TEST_CASE("a service that was forgotten while the store failed, and came back, stays on disk") {
  World world;
  CHECK(world.add("web", "i-1"));
  CHECK(world.remove("web", "i-1"));
  world.journal.fails_with = Errc::store_failed;
  world.pass(1h);
  world.sweep();
  CHECK_FALSE(world.knows("web"));
  CHECK(world.registry.has_unrecorded_rows());
  world.journal.fails_with.reset();
  CHECK(world.add("web", "i-1")->created);
  CHECK(world.journal.services.contains({k_svc, "web"}));
  CHECK(world.journal.ids("web") == Ids{"i-1"});
  CHECK_FALSE(world.registry.has_unrecorded_rows());
}

}  // namespace
}  // namespace rollcall::registry
