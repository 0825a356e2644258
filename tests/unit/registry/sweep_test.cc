// Leases that end by themselves, and services that are forgotten.
#include <string>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

TEST_CASE("whatever names come and go, no more than so many empty services are remembered, the youngest") {
  World world;
  std::vector<Change> changes;
  for (std::size_t i = 0; i <= limits::k_empty_services_max; ++i) {
    changes.push_back(adding("s" + std::to_string(i), "a"));
    changes.push_back(removing("s" + std::to_string(i), "a"));
    if (changes.size() < limits::k_batch_changes_max && i < limits::k_empty_services_max) continue;
    for (const Outcome& outcome : world.apply(changes)) REQUIRE(outcome);
    changes.clear();
    world.pass(1ms);
  }
  CHECK(world.registry.counts().services == limits::k_empty_services_max);
  CHECK(world.knows("s" + std::to_string(limits::k_empty_services_max)));
  CHECK(world.registry.has_unrecorded_rows());
  CHECK(world.registry.record_pending());
  CHECK(world.journal.services.size() == limits::k_empty_services_max);  // alike on the disk
}

TEST_CASE("a lease ends in the sweep at its deadline, and not in one a nanosecond before") {
  World world;
  CHECK(world.add("web", "i-1"));
  world.pass(15s - 1ns);
  CHECK(world.sweep() == 0);
  CHECK(world.ids("web") == Ids{"i-1"});
  world.pass(1ns);
  CHECK(world.sweep() == 1);
  CHECK(world.ids("web").empty());
  CHECK(world.knows("web"));
  CHECK(world.audience.lines.back() == "web #2:");
  CHECK(world.registry.counts().expired == 1);
  CHECK(world.registry.counts().instances == 0);
  CHECK(world.registry.counts().index == 2);
  CHECK(world.sweep() == 0);
}

TEST_CASE("a lease that began between two milliseconds ends in the sweep at the next one") {
  World world;
  world.pass(300'001ns);
  CHECK(world.add("web", "i-1")->expires_at == world.clock.now() + 15s + 699'999ns);
  world.pass(15s);
  CHECK(world.sweep() == 0);
  world.pass(699'998ns);
  CHECK(world.sweep() == 0);
  world.pass(1ns);
  CHECK(world.sweep() == 1);
}

TEST_CASE("the next sweep is asked for no later than the next end of a lease") {
  World world;
  CHECK_FALSE(world.registry.next_wake());
  Registration longer = registration("web", "i-2");
  longer.ttl = 24h;
  CHECK(world.apply({adding("web", "i-1"), Register{longer}}).size() == 2);
  const LeaseTime end = world.clock.now() + 15s;
  // A wheel may ask to be called earlier, a few times; it must arrive at the very end.
  int wakes = 0;
  while (world.ids("web").size() == 2) {
    const LeaseTime wake = world.registry.next_wake().value();
    REQUIRE(wake > world.clock.now());
    REQUIRE(wake <= end);
    world.pass(wake - world.clock.now());
    world.sweep();
    ++wakes;
  }
  CHECK(world.clock.now() == end);
  CHECK(wakes <= 7);
  CHECK(world.registry.next_wake().value() <= end + 24h);
}

TEST_CASE("heartbeats move the end") {
  World world;
  CHECK(world.add("web", "i-1"));
  for (int i = 0; i < 100; ++i) {
    world.pass(14'999ms);
    CHECK(world.renew(key("web", "i-1")));
    CHECK(world.sweep() == 0);
  }
  world.pass(15s - 1ns);
  CHECK(world.sweep() == 0);
  world.pass(1ns);
  CHECK_FALSE(world.renew(key("web", "i-1")));  // ended, though nobody has swept yet
  CHECK(world.sweep() == 1);
}

TEST_CASE("a heartbeat says when the lease will end") {
  World world;
  CHECK(world.add("web", "i-1"));
  world.pass(5s);
  CHECK(world.registry.renew(key("web", "i-1").ref(), world.clock.now())->expires_at == world.clock.now() + 15s);
  const auto refused = world.registry.renew(key("web", "i-2").ref(), world.clock.now());
  CHECK(refused.error().code == Errc::unknown_instance);
  CHECK(refused.error().message.find("register again") != std::string::npos);
}

TEST_CASE("20,000 leases that end together end in one sweep") {
  World world;
  std::vector<Change> changes;
  for (int i = 0; i < 20'000; ++i) changes.push_back(adding("s" + std::to_string(i % 200), "i-" + std::to_string(i)));
  for (const Outcome& outcome : world.apply(changes)) REQUIRE(outcome);
  Registration longer = registration("s0", "stays");
  longer.ttl = 60s;
  CHECK(world.apply(Register{longer}));
  CHECK(world.registry.counts().instances == 20'001);
  world.audience.lines.clear();
  world.pass(15s - 1ns);
  CHECK(world.sweep() == 0);
  world.pass(1ns);
  CHECK(world.sweep() == 20'000);
  CHECK(world.audience.lines.size() == 200);  // each service is shown once
  CHECK(world.ids("s0") == Ids{"stays"});
  CHECK(world.ids("s1").empty());
  CHECK(world.registry.counts().instances == 1);
  CHECK(world.registry.record_pending());
  CHECK(world.journal.instances.size() == 1);
}

TEST_CASE("a change is made after a sweep: what has ended by then is not there") {
  World world;
  CHECK(world.add("web", "i-1"));
  world.pass(15s);
  CHECK(world.remove("web", "i-1").error().code == Errc::unknown_instance);
  const Outcome again = world.add("web", "i-1");
  CHECK(again->created);
  CHECK(again->index == 3);  // the end of the lease was the second change
}

TEST_CASE("an update and a deregistration take the old lease's timer with them") {
  World world;
  CHECK(world.add("web", "i-1"));
  Registration longer = registration("web", "i-1");
  longer.ttl = 60s;
  CHECK(world.apply(Register{longer}));
  world.pass(15s);
  CHECK(world.sweep() == 0);
  CHECK(world.remove("web", "i-1"));
  world.pass(60s);
  CHECK(world.sweep() == 0);
  CHECK(world.registry.counts().expired == 0);
}

TEST_CASE("a service without instances is forgotten after its time, and not before") {
  World world(1h);
  CHECK(world.add("web", "i-1"));
  CHECK(world.remove("web", "i-1"));
  world.pass(1h - 1ns);
  world.sweep();
  CHECK(world.knows("web"));
  world.pass(1ns);
  CHECK(world.registry.next_wake() == world.clock.now());
  world.sweep();
  CHECK_FALSE(world.knows("web"));
  CHECK(world.audience.lines.back() == "web is forgotten");
  CHECK(world.registry.counts().services == 0);
  CHECK(world.registry.record_pending());
  CHECK(world.journal.services.empty());
  CHECK_FALSE(world.registry.next_wake());
}

TEST_CASE("a service that lost its last instance by a lease is forgotten after its time too") {
  World world(1h);
  CHECK(world.add("web", "i-1"));
  world.pass(15s);
  CHECK(world.sweep() == 1);
  world.pass(1h - 1ns);
  world.sweep();
  CHECK(world.knows("web"));
  world.pass(1ns);
  world.sweep();
  CHECK_FALSE(world.knows("web"));
}

TEST_CASE("a service that came back is not forgotten, and its time begins anew when it is empty again") {
  World world(1h);
  CHECK(world.add("web", "i-1"));
  CHECK(world.remove("web", "i-1"));
  world.pass(30min);
  CHECK(world.add("web", "i-1"));
  CHECK(world.remove("web", "i-1"));
  world.pass(30min);
  world.sweep();
  CHECK(world.knows("web"));
  world.pass(30min);
  world.sweep();
  CHECK_FALSE(world.knows("web"));
}

TEST_CASE("a service that comes and goes is waited for once, not once for each time it was empty") {
  World world(1h);
  for (int i = 0; i < 1000; ++i) {
    CHECK(world.add("web", "i-1"));
    CHECK(world.remove("web", "i-1"));
    world.pass(1s);
  }
  CHECK(world.registry.next_wake() == world.clock.now() + 1h - 1s);
  CHECK(world.add("web", "i-1"));
  world.pass(1h);  // its lease ends first
  CHECK(world.sweep() == 1);
  CHECK(world.registry.next_wake() == world.clock.now() + 1h);
}

}  // namespace
}  // namespace rollcall::registry
