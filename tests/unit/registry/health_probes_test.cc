// Probes of the silent on a virtual clock.
#include "catch.h"
#include "registry/work/health_schedule.h"
#include "unit/registry/authority.h"
#include "unit/registry/health_office.h"

namespace rollcall::registry {
namespace {

using namespace testing;

TEST_CASE("an instance is probed when two heartbeats are missing: after two thirds of its ttl") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp"})", 15s);
  CHECK(office.pass(9990ms) == 0);
  CHECK(office.pass(20ms) == 1);
  CHECK(office.runs[0].timeout == 2s);
}

TEST_CASE("an instance that sends its heartbeats is never probed") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp"})", 15s);
  for (int beat = 0; beat < 100; ++beat) {
    CHECK(office.pass(5s) == 0);
    REQUIRE(world.renew(key("web", "a")));
  }
}

TEST_CASE("a probe that passes is counted, and extends nothing") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp"})", 15s);
  office.pass(10s);
  office.answer(RunEnd::passed);
  CHECK(world.left(key("web", "a")) == 5s);
  CHECK(office.pass(4990ms) == 0);
  CHECK(office.schedule.counters().probes[0] == 1);
  world.pass(1s);
  CHECK(world.sweep() == 1);
}

TEST_CASE("with renew_on_probe nobody has to send heartbeats") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"http:/health","renew_on_probe":true})", 15s);
  for (int round = 0; round < 100; ++round) {
    CHECK(office.pass(10s) == 1);
    office.answer(RunEnd::passed);
    CHECK(world.left(key("web", "a")) == 15s);
    CHECK(world.sweep() == 0);
  }
  CHECK(office.schedule.counters().renewed == 100);
}

TEST_CASE("a probe that this server could not run neither ends a lease early nor lets one end that probes renew") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp","evict_on_refusal":true,"renew_on_probe":true})", 15s);
  office.add("b", R"({"probe":"tcp","evict_on_refusal":true})", 15s);
  for (int i = 0; i < 60; ++i) {
    office.pass(1s);
    office.answer(RunEnd::not_run);
  }
  CHECK(office.lines.empty());
  CHECK(office.schedule.counters().renewed == 0);
  CHECK(world.left(key("web", "a")) > 0s);
  CHECK(world.left(key("web", "b")) < 0s);  // it sends heartbeats, and has sent none
}

TEST_CASE("a probe that passes renews nobody but the version it has asked") {
  World world;
  Office office(world);
  Registration moved = registration("web", "a");
  moved.health = plan(R"({"probe":"tcp","renew_on_probe":true})");
  office.add("a", R"({"probe":"tcp","renew_on_probe":true})", 15s);
  office.pass(10s);
  REQUIRE(office.runs.size() == 1);
  moved.addresses = {*IpAddress::parse("192.0.2.2")};
  moved.ttl = 15s;
  REQUIRE(world.apply(Register{moved}));  // and nobody has looked since
  world.pass(1s);
  office.schedule.finish(office.runs[0].id, {RunEnd::passed, {}}, world.clock.now());
  CHECK(world.left(key("web", "a")) == 14s);
  CHECK(office.schedule.counters().renewed == 0);
}

TEST_CASE("a refused probe ends nobody but the version it has asked") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp","evict_on_refusal":true})", 15s);
  office.pass(10s);
  REQUIRE(office.runs.size() == 1);
  Registration moved = registration("web", "a");
  moved.health = plan(R"({"probe":"tcp","evict_on_refusal":true})");
  moved.ttl = 1s;  // silent by the measure of the old lease as soon as it begins
  REQUIRE(world.apply(Register{moved}));
  office.schedule.finish(office.runs[0].id, {RunEnd::refused, "no"}, world.clock.now());
  CHECK(office.reports.empty());
  CHECK(office.schedule.counters().evicted == 0);
}

TEST_CASE("a refused probe ends the lease where that is asked for") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp","evict_on_refusal":true})", 15s);
  office.add("b", R"({"probe":"tcp"})", 15s);
  office.pass(10s);
  office.answer(RunEnd::refused, "connection refused");
  CHECK(office.lines == Lines{"a evicted: connection refused"});
  CHECK(world.ids("web") == Ids{"b"});
}

TEST_CASE("a heartbeat that comes before the end is applied wins") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp","evict_on_refusal":true})", 15s);
  office.pass(10s);
  REQUIRE(office.runs.size() == 1);
  office.schedule.finish(office.runs[0].id, {RunEnd::refused, "no"}, world.clock.now());
  REQUIRE(office.reports.size() == 1);
  REQUIRE(world.renew(key("web", "a")));
  static_cast<void>(world.apply(office.reports[0]));
  CHECK(world.ids("web") == Ids{"a"});
}

TEST_CASE("a probe that fails otherwise is tried again until the lease ends") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp","evict_on_refusal":true})", 12s);
  std::size_t tries = 0;
  for (int step = 0; step < 1200; ++step) {
    tries += office.pass(10ms);
    if (!office.runs.empty()) office.answer(RunEnd::timed_out);
  }
  CHECK(tries == 4);  // after 8, 9, 10 and 11 s
  CHECK(office.lines.empty());
}

TEST_CASE("a probe has no longer than the lease has") {
  World world;
  Office office(world);
  office.add("a", R"({"probe":"tcp"})", 1s);
  office.pass(700ms);
  REQUIRE(office.runs.size() == 1);
  CHECK(office.runs[0].timeout <= 340ms);
}

struct ClusterOffice {
  ClusterOffice() { world.registry.let_decide(authority); }
  ScriptedAuthority authority;
  World world;
  Office office{world};
};

TEST_CASE("in a cluster a probe that passes renews the lease through the authority, or asks for the store") {
  ClusterOffice cluster;
  Office& office = cluster.office;
  office.add("a", R"({"probe":"tcp","renew_on_probe":true})", 15s);
  REQUIRE(office.pass(10s) == 1);
  SECTION("renewed") {
    office.answer(RunEnd::passed);
    CHECK(office.lines.empty());
    CHECK(office.schedule.counters().renewed == 1);
  }
  SECTION("the store has to say") {
    cluster.authority.verdict = Verdict::put_first;
    office.answer(RunEnd::passed);
    CHECK(office.lines == Lines{"a renewed by the store"});
    CHECK(office.pass(15s) >= 1);  // and the probe goes on
  }
  SECTION("this node cannot make it count") {
    cluster.authority.verdict = Verdict::refused;
    office.answer(RunEnd::passed);
    CHECK(office.lines.empty());
    CHECK(office.pass(15s) >= 1);
  }
}

TEST_CASE("in a cluster an instance whose lease is past is checked as long as it is on the roll") {
  ClusterOffice cluster;
  cluster.office.add("a", R"({"checks":[{"type":"tcp","interval":"1s"}]})", 5s);
  for (int i = 0; i < 20; ++i) {
    cluster.office.pass(1s);
    cluster.office.answer(RunEnd::passed);
  }
  CHECK(cluster.office.pass(2s) >= 1);
}

}  // namespace
}  // namespace rollcall::registry
