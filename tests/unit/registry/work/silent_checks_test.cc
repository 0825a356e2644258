// Checks that call in beside the lease: each is critical when its own time is over, and not a millisecond before.
#include <string>
#include <utility>

#include "catch.h"
#include "registry/work/health_schedule.h"
#include "unit/registry/health_office.h"

namespace rollcall::registry {
namespace {

using namespace testing;
using health::CheckStatus;

constexpr std::string_view k_two_that_call =
    R"({"checks":[{"type":"ttl","id":"a","interval":"3s"},{"type":"ttl","id":"b","interval":"7s"}]})";

health::CheckResult calls(std::string id, CheckStatus status) {
  return {.id = std::move(id), .kind = health::CheckKind::ttl, .status = status};
}

struct Silence {
  World world;
  Office office{world};

  void add(CheckStatus a = CheckStatus::passing, CheckStatus b = CheckStatus::passing,
           std::chrono::milliseconds ends_after = {}) {
    Registration asked = registration("web", "i");
    asked.health = plan(k_two_that_call);
    asked.ttl = 1h;
    health::CheckResults checks{calls("a", a), calls("b", b)};
    checks.front().ends_after = ends_after;
    REQUIRE(world.apply(Register{asked, {.checks = std::move(checks)}}));
    office.look();
  }
  void hear(const std::string& check, CheckStatus status = CheckStatus::passing) {
    office.beats.hear(key("web", "i"), check, {world.clock.now(), status});
  }
  bool is_there() {
    const rcu::ReadLock lock;
    return world.registry.find_instance(key("web", "i").ref()) != nullptr;
  }
  void pass(LeaseTime::duration time) {
    for (LeaseTime::duration gone{}; gone < time; gone += 1ms) {
      office.pass(1ms, 1ms);
      office.tell_roll();
      world.sweep();
    }
  }
};

TEST_CASE("each TTL check of an instance lapses at its own deadline, exactly, and revives by itself") {
  Silence silence;
  silence.add();
  silence.pass(2999ms);
  CHECK(silence.office.lines.empty());
  silence.pass(1ms);
  CHECK(silence.office.lines == Lines{"i a critical: TTL expired"});
  CHECK(silence.office.status("i") == Status::critical);
  silence.pass(3999ms);
  CHECK(silence.office.lines.size() == 1);
  silence.pass(1ms);
  CHECK(silence.office.lines == Lines{"i a critical: TTL expired", "i b critical: TTL expired"});
  silence.pass(1min);
  CHECK(silence.office.lines.size() == 2);
}

TEST_CASE("a call that says as before moves the deadline of its check alone") {
  Silence silence;
  silence.add();
  silence.pass(2s);
  silence.hear("a");
  silence.pass(2999ms);
  CHECK(silence.office.lines.empty());
  silence.pass(1ms);
  CHECK(silence.office.lines == Lines{"i a critical: TTL expired"});
  silence.pass(2s);
  CHECK(silence.office.lines.size() == 2);  // b, seven seconds after it began
}

TEST_CASE("a check that is told to pass again has a whole TTL from there") {
  Silence silence;
  silence.add(CheckStatus::critical);
  silence.pass(5s);
  CHECK(silence.office.lines.empty());
  silence.hear("a");
  REQUIRE(silence.world.apply(SetCheck{key("web", "i"), calls("a", CheckStatus::passing)}));
  silence.office.look();
  CHECK(silence.office.status("i") == Status::ready);
  silence.pass(1999ms);
  CHECK(silence.office.lines.empty());
  silence.hear("a");
  silence.pass(1ms);
  CHECK(silence.office.lines == Lines{"i b critical: TTL expired"});
  silence.pass(2998ms);
  CHECK(silence.office.lines.size() == 1);
  silence.pass(1ms);
  CHECK(silence.office.lines.back() == "i a critical: TTL expired");
}

TEST_CASE("a call that comes while the silence is being recorded revives the check") {
  Silence silence;
  silence.add();
  silence.office.pass(3s, 1ms);  // the report is under way
  CHECK(silence.office.lines == Lines{"i a critical: TTL expired"});
  silence.hear("a", CheckStatus::warning);  // the roll still says passing: no change for the caller
  silence.office.tell_roll();
  silence.pass(200ms);
  CHECK(silence.office.lines == Lines{"i a critical: TTL expired", "i a warning"});
  CHECK(silence.office.status("i") == Status::ready);
}

TEST_CASE("a silence that could not be recorded is told again") {
  Silence silence;
  silence.add();
  silence.office.tells_the_roll = false;
  silence.pass(3s);
  CHECK(silence.office.lines.size() == 1);
  silence.office.tells_the_roll = true;
  silence.pass(100ms);
  CHECK(silence.office.status("i") == Status::critical);
}

TEST_CASE("a service that is registered anew has a whole TTL for each check, and what is gone is forgotten") {
  Silence silence;
  silence.add();
  silence.pass(2s);
  silence.hear("a");
  silence.pass(500ms);
  REQUIRE(silence.world.apply(Deregister{key("web", "i")}));
  silence.office.look();
  CHECK(silence.office.beats.size() == 0);
  silence.add();
  silence.pass(2999ms);
  CHECK(silence.office.lines.empty());
  silence.pass(1ms);
  CHECK(silence.office.lines.size() == 1);
}

TEST_CASE("a silence ends the instance after the check's own time, and no other") {
  Silence silence;
  silence.add(CheckStatus::passing, CheckStatus::passing, 5s);
  silence.pass(7999ms);
  CHECK(silence.is_there());
  silence.pass(2ms);
  CHECK_FALSE(silence.is_there());
}

TEST_CASE("an alias of a node is as whoever knows the node says") {
  World world;
  Office office(world);
  Registration asked = registration("web", "i");
  asked.health = plan(R"({"checks":[{"type":"alias_node","id":"n","interval":"1s","target":"db-1"}]})");
  REQUIRE(world.apply(Register{asked, {.checks = health::CheckResults{calls("n", CheckStatus::passing)}}}));
  office.look();
  office.node_end = RunEnd::failed;
  office.pass(2s);
  CHECK(office.lines == Lines{"i n critical: db-1"});
}

}  // namespace
}  // namespace rollcall::registry
