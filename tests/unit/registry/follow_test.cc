// Changes that are durable before they are shown here.
#include <string>

#include "base/limits.h"
#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

DurableChange put(const InstanceKey& instance, ChangeIndex index, EventId event) {
  return {.event = {.id = event,
                    .key = instance,
                    .kind = EventKind::registered,
                    .cause = Cause::registered,
                    .by = "node-2",
                    .index = index},
          .present = DurableChange::Present{.registration = registration(instance.service.name, instance.id)}};
}
DurableChange removal(const InstanceKey& instance, ChangeIndex index, EventId event) {
  return {
      .event = {.id = event, .key = instance, .kind = EventKind::expired, .cause = Cause::lease_ended, .index = index},
      .present = std::nullopt};
}

std::vector<Refused> follow(World& world, const std::vector<DurableChange>& changes) {
  return world.registry.follow(changes, world.clock, world.wall);
}

TEST_CASE("a durable change is shown at its index, and told with its cause and author, once") {
  World world;
  CHECK(follow(world, {put(k_a, 7, 1), put(key("web", "b"), 9, 2)}).empty());
  CHECK(world.audience.lines == Lines{"web #9: a b"});
  CHECK(world.sink.lines ==
        Lines{"#1 web/a registered: registered, by node-2", "#2 web/b registered: registered, by node-2"});
  CHECK(world.registry.counts().index == 9);
  CHECK(world.registry.followed() == 9);
  CHECK(world.journal.attempts == 0);  // it is durable already

  CHECK(follow(world, {put(k_a, 7, 1), put(key("web", "b"), 9, 2)}).empty());
  CHECK(world.audience.lines.size() == 1);
  CHECK(world.sink.lines.size() == 2);
}

TEST_CASE("what another node counts is on the roll until a durable change ends it") {
  World world;
  CHECK(follow(world, {put(k_a, 7, 1)}).empty());
  world.pass(24h);
  CHECK(world.sweep() == 0);
  CHECK(world.ids("web") == Ids{"a"});
  CHECK(follow(world, {removal(k_a, 8, 2)}).empty());
  CHECK(world.ids("web").empty());
  CHECK(world.sink.lines.back() == "#2 web/a expired: lease expired");
}

TEST_CASE("a durable change may leave the lease with this node") {
  World world;
  DurableChange mine = put(k_a, 7, 1);
  mine.present->lease_holder = LeaseHolder::this_node;
  CHECK(follow(world, {mine}).empty());
  CHECK(world.left(k_a) == 15s);
  world.pass(15s);
  CHECK(world.sweep() == 1);
  CHECK(world.index_of("web") == 8);
}

TEST_CASE("a drain leaves a lease with the node that counts it") {
  World world;
  CHECK(follow(world, {put(k_a, 7, 1)}).empty());
  CHECK(world.apply(SetDraining{k_a, true})->index == 8);
  world.pass(24h);
  CHECK(world.sweep() == 0);
  CHECK(world.status_of(k_a) == Status::draining);
}

TEST_CASE("a durable change that breaks a rule here is named, and told, and not shown") {
  World world;
  const std::vector<Refused> refused = follow(world, {put(key("www", "a"), 7, 1), put(k_a, 8, 2)});
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].key == key("www", "a"));
  CHECK_FALSE(world.knows("www"));
  CHECK(world.ids("web") == Ids{"a"});
  CHECK(world.sink.lines.size() == 2);
}

TEST_CASE("what is durable elsewhere is not overwritten by the end of an older lease") {
  World world;
  CHECK(world.add("web", "a"));
  world.pass(15s);
  CHECK(world.sweep() == 1);
  CHECK(world.registry.has_unrecorded_rows());
  CHECK(follow(world, {put(k_a, 7, 2)}).empty());
  CHECK(world.registry.record_pending());
  CHECK(world.journal.ids("web") == Ids{"a"});
  CHECK(world.ids("web") == Ids{"a"});
}

// Somebody else is faster each time.
class ContestedJournal final : public Journal {
 public:
  Recorded record(Transaction& transaction) override {
    ++attempts;
    CHECK(transaction.instances.at(0)->replaces == index);  // what a guarded transaction compares
    NotRecorded conflict(Error{Errc::store_busy, "web/a is contested"}, NotRecorded::Reason::conflict);
    conflict.conflicts = {k_a};
    ++index;
    conflict.newer = {put(k_a, index, index)};
    conflict.follow_up_to = index;
    return std::unexpected(conflict);
  }
  ChangeIndex take_index() override { return ++index; }
  void go_on_after(ChangeIndex, EventId) override {}

  ChangeIndex index = 0;
  std::size_t attempts = 0;
};

TEST_CASE("a change that meets another one each time is refused in the end, and the roll shows the others") {
  World world;
  ContestedJournal journal;
  Registry registry(journal, world.audience, world.zones, 1h, &world.sink);
  Registration wanted = registration("web", "a");
  wanted.port = 9090;
  const Change change = Register{wanted};
  const std::vector<Outcome> outcomes = registry.apply(std::span(&change, 1), world.clock, world.wall);
  CHECK(outcomes.at(0).error().code == Errc::store_busy);
  CHECK(outcomes.at(0).error().message == "web/a is contested");
  CHECK(journal.attempts == limits::k_conflicts_max + 1);
  const rcu::ReadLock lock;
  CHECK(registry.find_instance(k_a.ref())->port() == 8080);
  CHECK(registry.find_instance(k_a.ref())->index == limits::k_conflicts_max);
}

}  // namespace
}  // namespace rollcall::registry
