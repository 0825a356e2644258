// The history: what is told, why, in which order, and when.
#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

TEST_CASE("each change is told with its cause, and who asked") {
  World world;
  REQUIRE(world.apply(Change(Register{registration("web", "a")}, "deployer")));
  Registration other = registration("web", "a");
  other.port = 9090;
  REQUIRE(world.apply(Register{other}));
  REQUIRE(world.apply(Change(SetDraining{k_a, true}, "operator")));
  REQUIRE(world.apply(SetDraining{k_a, false}));
  REQUIRE(world.apply(SetHealth{k_a, {}, true, "timed out"}));
  REQUIRE(world.apply(SetHealth{k_a, {}, false, {}}));
  REQUIRE(world.apply(Change(Edit{other, Status::draining}, "database")));
  REQUIRE(world.apply(Change(Deregister{k_a}, "192.0.2.7")));
  CHECK(world.sink.lines == Lines{
                                "#1 web/a registered: registered, by deployer",
                                "#2 web/a updated: changed",
                                "#3 web/a draining: drain started, by operator",
                                "#4 web/a ready: drain ended",
                                "#5 web/a critical: check failed (timed out)",
                                "#6 web/a ready: check passed",
                                "#7 web/a draining: edited in the database, by database",
                                "#8 web/a deregistered: deregistered, by 192.0.2.7",
                            });
}

TEST_CASE("a heartbeat, and a registration that changes nothing, are no events") {
  World world;
  REQUIRE(world.add("web", "a"));
  CHECK(world.renew(k_a));
  REQUIRE(world.add("web", "a"));
  CHECK(world.sink.lines.size() == 1);
}

TEST_CASE("the end of a lease is told when it is durable, and a return from it has a name of its own") {
  World world;
  REQUIRE(world.add("web", "a"));
  world.pass(15s);
  world.journal.fails_with = Errc::store_failed;
  world.sweep();
  CHECK_FALSE(world.registry.record_pending());
  CHECK(world.sink.lines.size() == 1);
  world.journal.fails_with.reset();
  REQUIRE(world.registry.record_pending());
  REQUIRE(world.add("web", "a"));
  REQUIRE(world.remove("web", "a"));
  REQUIRE(world.add("web", "a"));
  CHECK(world.sink.lines == Lines{
                                "#1 web/a registered: registered",
                                "#2 web/a expired: lease expired",
                                "#3 web/a registered: renewed after gap",
                                "#4 web/a deregistered: deregistered",
                                "#5 web/a registered: registered",
                            });
}

TEST_CASE("who has left by an early end has come back after a gap") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(world.apply(End{k_a, {}, "connection refused"}));
  REQUIRE(world.add("web", "a"));
  CHECK(world.sink.lines.at(1) == "#2 web/a expired: probe refused (connection refused)");
  CHECK(world.sink.lines.at(2) == "#3 web/a registered: renewed after gap");
}

TEST_CASE("a refused transaction is not told, and takes no numbers") {
  World world;
  world.journal.fails_with = Errc::store_busy;
  CHECK_FALSE(world.add("web", "a"));
  world.journal.fails_with.reset();
  REQUIRE(world.add("web", "b"));
  CHECK(world.sink.lines == Lines{"#1 web/b registered: registered"});
}

TEST_CASE("numbers go on after a restart, which is told of every instance") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(world.add("web", "b"));
  REQUIRE(world.apply(SetDraining{key("web", "b"), true}));
  World next;
  next.registry.restore(world.journal.restored(), next.clock.now(), next.wall);
  CHECK(next.registry.has_unrecorded_rows());
  REQUIRE(next.registry.record_pending());
  CHECK(next.sink.lines == Lines{"#4 web/a ready: restored", "#5 web/b draining: restored"});
}

TEST_CASE("the events of a transaction are recorded in it, in order") {
  World world;
  REQUIRE(world.add("web", "a"));
  world.pass(15s);
  world.sweep();
  std::vector<EventId> ids;
  world.journal.on_record = [&](const Transaction& transaction) {
    for (const auto& event : transaction.events) ids.push_back(event->id);
  };
  REQUIRE(world.apply({adding("web", "b"), adding("db", "c")}).at(1));
  CHECK(ids == std::vector<EventId>{2, 3, 4});
}

TEST_CASE("kinds and causes are read as they are written") {
  for (int i = 0; i < 7; ++i) {
    const auto kind = static_cast<EventKind>(i);
    CHECK(parse_event_kind(to_text(kind)) == kind);
  }
  for (int i = 0; i < 12; ++i) {
    const auto cause = static_cast<Cause>(i);
    CHECK(parse_cause(to_text(cause)) == cause);
  }
  CHECK_FALSE(parse_cause("tired").has_value());
}

}  // namespace
}  // namespace rollcall::registry::testing
