// Draining, health, an early end, edits: what they do to an instance and what they leave alone.
#include "registry/instance/standing.h"

#include <string_view>
#include <vector>

#include "catch.h"
#include "health/plan_json.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

Outcome drain(World& world, const InstanceKey& instance) { return world.apply(SetDraining{instance, true}); }

TEST_CASE("a drain takes effect at once, is durable, and leaves the lease as it is") {
  World world;
  REQUIRE(world.add("web", "a"));
  world.pass(4s);
  const Outcome outcome = drain(world, k_a);
  REQUIRE(outcome);
  CHECK(outcome->changed);
  CHECK(outcome->status == Status::draining);
  CHECK(world.status_of(k_a) == Status::draining);
  CHECK(world.left(k_a) == 11s);
  CHECK(world.journal.instances.at(k_a).standing.is_draining);
  world.pass(11s);
  world.sweep();
  CHECK(world.ids("web").empty());
}

TEST_CASE("neither a heartbeat nor a registration undoes a drain") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(drain(world, k_a));
  CHECK(world.renew(k_a));
  REQUIRE(world.add("web", "a"));
  CHECK(world.status_of(k_a) == Status::draining);
  Registration other = registration("web", "a");
  other.port = 9090;
  const Outcome updated = world.apply(Register{other});
  CHECK(updated->status == Status::draining);
  CHECK(world.status_of(k_a) == Status::draining);
}

TEST_CASE("the end of a drain, and a registration after a deregistration, bring the instance back") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(drain(world, k_a));
  const Outcome back = world.apply(SetDraining{k_a, false});
  CHECK(back->status == Status::ready);
  CHECK(world.status_of(k_a) == Status::ready);
  REQUIRE(drain(world, k_a));
  REQUIRE(world.remove("web", "a"));
  REQUIRE(world.add("web", "a"));
  CHECK(world.status_of(k_a) == Status::ready);
}

TEST_CASE("a drain that is asked for twice is one change") {
  World world;
  REQUIRE(world.add("web", "a"));
  const Outcome first = drain(world, k_a);
  const int records = world.journal.records;
  const Outcome second = drain(world, k_a);
  CHECK_FALSE(second->changed);
  CHECK(second->index == first->index);
  CHECK(world.journal.records == records);
}

TEST_CASE("who is not on the roll cannot be drained, checked, or ended") {
  World world;
  for (const Change& change :
       {Change(SetDraining{k_a, true}), Change(SetHealth{k_a, {}, true, "x"}), Change(End{k_a, {}, "x"})}) {
    CHECK(world.apply(change).error().code == Errc::unknown_instance);
  }
}

TEST_CASE("a drain survives a restart") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(drain(world, k_a));
  World next;
  next.registry.restore(world.journal.restored(), next.clock.now(), next.wall);
  CHECK(next.status_of(k_a) == Status::draining);
}

TEST_CASE("a drain is safe when the last answer given has left every cache") {
  World world;
  REQUIRE(world.add("web", "a"));
  world.audience.answered = world.clock.now() + 700ms;
  REQUIRE(drain(world, k_a));
  CHECK(world.safe_in(k_a) == 700ms);
  // Answers that are given now no longer hold it.
  world.audience.answered = world.clock.now() + 5s;
  world.pass(300ms);
  CHECK(world.safe_in(k_a) == 400ms);
  Registration other = registration("web", "a");
  other.port = 9090;
  REQUIRE(world.apply(Register{other}));
  CHECK(world.safe_in(k_a) == 400ms);
}

TEST_CASE("a drain is safe at once when nobody has asked") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(drain(world, k_a));
  CHECK(world.safe_in(k_a) == 0s);
}

TEST_CASE("after a restart the process before may have answered until the last moment") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(drain(world, k_a));
  World next;
  next.registry.restore(world.journal.restored(), next.clock.now(), next.wall);
  CHECK(next.safe_in(k_a) == 1s);
}

TEST_CASE("a health check makes an instance critical and ready again, and never extends its lease") {
  World world;
  REQUIRE(world.add("web", "a"));
  world.pass(5s);
  CHECK(world.apply(SetHealth{k_a, {}, true, "connection refused"})->status == Status::critical);
  CHECK(world.left(k_a) == 10s);
  CHECK(world.journal.instances.at(k_a).standing.output() == "connection refused");
  CHECK(world.apply(SetHealth{k_a, {}, false, {}})->status == Status::ready);
  CHECK(world.left(k_a) == 10s);
  CHECK(world.journal.instances.at(k_a).standing.output().empty());
}

TEST_CASE("draining is what is shown of an instance that is critical too") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(world.apply(SetHealth{k_a, {}, true, "no answer"}));
  CHECK(drain(world, k_a)->status == Status::draining);
  CHECK(world.apply(SetDraining{k_a, false})->status == Status::critical);
}

TEST_CASE("the status of an instance is as old as its last change of status") {
  World world;
  REQUIRE(world.add("web", "a"));
  const WallTime first = world.wall;
  world.pass(3s);
  Registration other = registration("web", "a");
  other.port = 9090;
  REQUIRE(world.apply(Register{other}));
  CHECK(world.journal.instances.at(k_a).standing.since == first);
  REQUIRE(drain(world, k_a));
  CHECK(world.journal.instances.at(k_a).standing.since == world.wall);
}

TEST_CASE("a lease may be ended before its time") {
  World world;
  REQUIRE(world.add("web", "a"));
  REQUIRE(world.apply(End{k_a, {}, "connection refused"}));
  CHECK(world.ids("web").empty());
  CHECK_FALSE(world.renew(k_a));
  CHECK(world.journal.instances.empty());
}

// --- Verdicts: made elsewhere, and applied later ---

constexpr std::string_view k_checked = R"({"checks":[{"type":"tcp"}],"probe":"tcp","evict_on_refusal":true})";

Registration checked(std::string_view plan = k_checked) {
  Registration made = registration("web", "a");
  made.health = health::parse_plan(plan).value();
  return made;
}

CheckedSince judged(const World& world) {
  const rcu::ReadLock lock;
  return world.registry.find_instance(k_a.ref())->checked_since();
}

TEST_CASE("a verdict about checks that were given up while it waited leaves nobody critical for ever") {
  World world;
  REQUIRE(world.apply(Register{checked()}));
  const SetHealth late{k_a, judged(world), true, "connection refused"};
  const int records = world.journal.records;
  const std::vector<Outcome> outcomes = world.apply(
      std::vector<Change>{Register{registration("web", "a")}, late});  // in one batch, as the queue has them
  CHECK(outcomes[1]->status == Status::ready);
  CHECK_FALSE(outcomes[1]->changed);
  CHECK(world.apply(late)->status == Status::ready);  // and in the next
  CHECK(world.status_of(k_a) == Status::ready);
  CHECK(world.journal.records == records + 1);
}

TEST_CASE("a verdict about another version of an instance comes to nothing") {
  for (const std::string_view what : {"plan", "address", "port", "ttl", "gone"}) {
    CAPTURE(what);
    World world;
    REQUIRE(world.apply(Register{checked()}));
    const SetHealth late{k_a, judged(world), true, "no answer"};
    Registration other = checked(what == "plan" ? R"({"checks":[{"type":"tcp","port":81}]})" : k_checked);
    if (what == "address") other.addresses = {*IpAddress::parse("192.0.2.2")};
    if (what == "port") ++other.port;
    if (what == "ttl") other.ttl += 1s;
    if (what == "gone") REQUIRE(world.apply(Deregister{k_a}));  // and back within the same millisecond
    REQUIRE(world.apply(Register{other}));
    CHECK(world.apply(late)->status == Status::ready);
    CHECK(world.status_of(k_a) == Status::ready);
  }
}

TEST_CASE("a verdict counts for an instance of which only its weight or its status has changed") {
  World world;
  REQUIRE(world.apply(Register{checked()}));
  const SetHealth late{k_a, judged(world), true, "no answer"};
  Registration heavier = checked();
  heavier.weight = 7;
  REQUIRE(world.apply(Register{heavier}));
  REQUIRE(drain(world, k_a));
  CHECK(world.apply(late)->status == Status::draining);
  CHECK(world.apply(SetDraining{k_a, false})->status == Status::critical);
}

TEST_CASE("versions are told apart after a restart too") {
  World world;
  REQUIRE(world.apply(Register{checked()}));
  World next;
  next.registry.restore(world.journal.restored(), next.clock.now(), next.wall);
  const SetHealth late{k_a, judged(next), true, "no answer"};
  REQUIRE(next.apply(Deregister{k_a}));
  REQUIRE(next.apply(Register{checked()}));
  CHECK(next.apply(late)->status == Status::ready);
}

TEST_CASE("a refused probe does not end who has registered again while its word waited") {
  const auto outcomes_after = [](const Registration& again) {
    World world;
    REQUIRE(world.apply(Register{checked()}));
    world.pass(12s);
    const End late{k_a, judged(world), "connection refused", world.clock.now() + 3s};
    const std::vector<Outcome> outcomes = world.apply(std::vector<Change>{Register{again}, late});
    CHECK_FALSE(outcomes[1]->changed);
    return world.ids("web");
  };
  const std::vector<std::string> still{"a"};
  CHECK(outcomes_after(checked()) == still);  // repeats itself: a renewal
  Registration other = checked();
  other.weight = 7;
  CHECK(outcomes_after(other) == still);
  other = checked();
  other.ttl = 1s;  // ends before the deadline that the probe has seen
  CHECK(outcomes_after(other) == still);
}

TEST_CASE("no heartbeat is acknowledged for an instance that its probe is ending") {
  World world;
  REQUIRE(world.apply(Register{checked()}));
  world.pass(12s);
  bool is_renewed = true;
  world.journal.on_record = [&](const Transaction&) { is_renewed = world.renew(k_a); };
  CHECK(world.apply(End{k_a, judged(world), "connection refused", world.clock.now() + 3s})->changed);
  CHECK_FALSE(is_renewed);
  CHECK(world.ids("web").empty());
}

TEST_CASE("an end that the store did not take leaves the lease as it was") {
  World world;
  REQUIRE(world.apply(Register{checked()}));
  world.pass(12s);
  const End end{k_a, judged(world), "connection refused", world.clock.now() + 3s};
  world.journal.fails_with = Errc::store_busy;
  CHECK_FALSE(world.apply(end));
  CHECK(world.left(k_a) == 3s);
  CHECK(world.renew(k_a));
  CHECK(world.left(k_a) == 15s);
}

TEST_CASE("a row whose checks are deleted by hand is no longer critical by them") {
  World world;
  REQUIRE(world.apply(Register{checked()}));
  REQUIRE(world.apply(SetHealth{k_a, judged(world), true, "connection refused"}));
  Standing row(Status::critical);
  row.set_plan_result(true, "connection refused", {});
  CHECK(world.apply(Edit{registration("web", "a"), row})->status == Status::ready);
  CHECK(world.apply(Edit{registration("web", "a"), Standing(Status::critical)})->status == Status::critical);
}

TEST_CASE("what a check has said is forgotten at a restart where no check is left to say otherwise") {
  Standing row(Status::critical);
  CHECK(standing_of_row(row, registration("web", "a")).status() == Status::critical);  // somebody's own word
  row.set_plan_result(true, "connection refused", {});
  CHECK(standing_of_row(row, registration("web", "a")).status() == Status::ready);
  CHECK(standing_of_row(row, checked()).status() == Status::critical);
}

TEST_CASE("an edited instance is as its row says, and its lease goes on") {
  World world;
  REQUIRE(world.add("web", "a"));
  world.pass(5s);
  Registration row = registration("web", "a");
  row.weight = 7;
  CHECK(world.apply(Edit{row, Status::draining})->status == Status::draining);
  CHECK(world.left(k_a) == 10s);
  CHECK_FALSE(world.apply(Edit{row, world.journal.instances.at(k_a).standing})->changed);
  CHECK(world.apply(Edit{registration("www", "a"), Status::ready}).error().code == Errc::conflict);
  CHECK(world.apply(Edit{registration("web", "b"), Status::ready})->created);
  CHECK(world.left(key("web", "b")) == 15s);
}

TEST_CASE("a change of standing and a registration in one transaction leave a fresh lease") {
  World world;
  REQUIRE(world.add("web", "a"));
  world.pass(5s);
  Registration other = registration("web", "a");
  other.port = 9090;
  const auto outcomes = world.apply({Register{other}, SetDraining{k_a, true}});
  CHECK(outcomes.at(1)->status == Status::draining);
  CHECK(world.left(k_a) == 15s);
}

TEST_CASE("a heartbeat that meets a drain half way is not lost") {
  World world;
  REQUIRE(world.add("web", "a"));
  world.pass(10s);
  // The heartbeat comes when the row is written and nothing is visible yet.
  world.journal.on_record = [&](const Transaction&) { CHECK(world.renew(k_a)); };
  REQUIRE(drain(world, k_a));
  CHECK(world.left(k_a) == 15s);
}

}  // namespace
}  // namespace rollcall::registry::testing
