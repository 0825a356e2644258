// Checks on a virtual clock: what is run when, and what the roll is told.
#include "registry/work/health_schedule.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "catch.h"
#include "unit/registry/health_office.h"

namespace rollcall::registry {
namespace {

using namespace testing;

constexpr std::string_view k_tcp = R"({"checks":[{"type":"tcp"}]})";

TEST_CASE("a check runs once in each interval") {
  World world;
  Office office(world);
  office.add("a", k_tcp);
  for (int round = 0; round < 5; ++round) {
    CHECK(office.pass(10s) == 1);
    office.answer(RunEnd::passed);
  }
  CHECK(office.lines.empty());
  CHECK(office.status("a") == Status::ready);
}

TEST_CASE("a check that has not ended is not run again") {
  World world;
  Office office(world);
  office.add("a", k_tcp);
  CHECK(office.pass(10s) == 1);
  CHECK(office.pass(30s) == 0);
}

TEST_CASE("two failures in a row are a failure, and one pass ends it") {
  World world;
  Office office(world);
  office.add("a", k_tcp);
  office.pass(10s);
  office.answer(RunEnd::failed, "once");
  CHECK(office.lines.empty());
  CHECK(office.schedule.counters().damped == 1);
  office.pass(10s);
  office.answer(RunEnd::failed, "twice");
  CHECK(office.lines == Lines{"a critical: twice"});
  CHECK(office.status("a") == Status::critical);
  office.pass(10s);
  office.answer(RunEnd::passed);
  CHECK(office.lines.back() == "a ready");
  CHECK(office.status("a") == Status::ready);
}

TEST_CASE("a pass in between begins the row anew: what flaps stays as it is") {
  World world;
  Office office(world);
  office.add("a", k_tcp);
  for (int round = 0; round < 20; ++round) {
    office.pass(10s);
    office.answer(round % 2 == 0 ? RunEnd::failed : RunEnd::passed);
  }
  CHECK(office.lines.empty());
  CHECK(office.schedule.counters().damped == 10);
}

TEST_CASE("a check that this server could not run is neither a failure nor a pass") {
  World world;
  Office office(world);
  office.add("a", k_tcp);
  const auto round = [&](RunEnd end) {
    office.pass(10s);
    office.answer(end);
    return office.status("a");
  };
  for (int i = 0; i < 20; ++i) CHECK(round(RunEnd::not_run) == Status::ready);
  CHECK(round(RunEnd::failed) == Status::ready);
  CHECK(round(RunEnd::not_run) == Status::ready);
  CHECK(round(RunEnd::failed) == Status::critical);  // the second: what came between counts for nothing
  CHECK(round(RunEnd::not_run) == Status::critical);
}

TEST_CASE("rise and fall of the instance hold for all checks that do not say their own") {
  World world;
  Office office(world);
  office.add("a", R"({"checks":[{"type":"tcp"}],"rise":3,"fall":4})");
  for (int failures = 1; failures <= 4; ++failures) {
    CHECK(office.lines.empty());
    office.pass(10s);
    office.answer(RunEnd::timed_out);
  }
  CHECK(office.lines.size() == 1);
  for (int passes = 1; passes <= 3; ++passes) {
    CHECK(office.lines.size() == 1);
    office.pass(10s);
    office.answer(RunEnd::passed);
  }
  CHECK(office.lines.back() == "a ready");
}

TEST_CASE("only changes are told, never every result") {
  World world;
  Office office(world);
  office.add("a", k_tcp);
  for (int round = 0; round < 10; ++round) {
    office.pass(10s);
    office.answer(RunEnd::failed);
  }
  CHECK(office.lines.size() == 1);
  CHECK(world.journal.records == 2);  // registered, critical
}

TEST_CASE("what the roll could not take is told again with the next result") {
  World world;
  Office office(world);
  office.add("a", R"({"checks":[{"type":"tcp","fall":1}]})");
  office.tells_the_roll = false;
  office.pass(10s);
  office.answer(RunEnd::failed);
  CHECK(office.status("a") == Status::ready);
  office.tells_the_roll = true;
  office.pass(10s);
  office.answer(RunEnd::failed);
  CHECK(office.lines.size() == 2);
  CHECK(office.status("a") == Status::critical);
}

TEST_CASE("an instance is critical while any of its checks is down") {
  World world;
  Office office(world);
  office.add("a", R"({"checks":[{"type":"tcp","fall":1},{"type":"http","fall":1}]})");
  const auto results = [&](RunEnd tcp, RunEnd http) {
    office.pass(10s);
    REQUIRE(office.runs.size() == 2);
    for (CheckRun& run : std::exchange(office.runs, {})) {
      const bool is_tcp = run.check->type == CheckType::tcp;
      office.schedule.finish(run.id, {is_tcp ? tcp : http, is_tcp ? "tcp" : "http"}, world.clock.now());
    }
    office.answer(RunEnd::passed);
  };
  results(RunEnd::passed, RunEnd::failed);
  CHECK(office.lines == Lines{"a critical: http"});
  results(RunEnd::failed, RunEnd::passed);
  CHECK(office.status("a") == Status::critical);
  results(RunEnd::passed, RunEnd::passed);
  CHECK(office.status("a") == Status::ready);
}

TEST_CASE("an instance that starts critical is ready after its first pass, within a second") {
  World world;
  Office office(world);
  office.add("a", R"({"checks":[{"type":"tcp","interval":"1h"}],"initial":"critical"})");
  CHECK(office.status("a") == Status::critical);
  CHECK(office.pass(1s) == 1);
  office.answer(RunEnd::passed);
  CHECK(office.status("a") == Status::ready);
}

TEST_CASE("an instance that gives up its checks is no longer critical") {
  World world;
  Office office(world);
  office.add("a", R"({"checks":[{"type":"tcp","fall":1}]})");
  office.pass(10s);
  office.answer(RunEnd::failed);
  CHECK(office.status("a") == Status::critical);
  office.add("a", "{}");
  CHECK(office.status("a") == Status::ready);
  CHECK(office.schedule.counters().watched == 0);
  CHECK(office.pass(60s) == 0);
}

TEST_CASE("a draining instance is checked too, and its health is kept beside the drain") {
  World world;
  Office office(world);
  office.add("a", R"({"checks":[{"type":"tcp","fall":1}]})");
  REQUIRE(world.apply(SetDraining{key("web", "a")}));
  office.look();
  office.pass(10s);
  office.answer(RunEnd::failed);
  CHECK(office.status("a") == Status::draining);
  REQUIRE(world.apply(SetDraining{key("web", "a"), false}));
  CHECK(office.status("a") == Status::critical);
}

TEST_CASE("nobody is checked whose lease has ended") {
  World world;
  Office office(world);
  office.add("a", k_tcp, 1s);
  world.pass(1s);
  CHECK(office.pass(60s) == 0);
}

TEST_CASE("checks of many are spread over the interval") {
  World world;
  Office office(world, 1000);
  for (int i = 0; i < 1000; ++i) office.add("i-" + std::to_string(i), k_tcp);
  for (int second = 0; second < 10; ++second) {
    const std::size_t begun = office.pass(1s);
    CHECK(begun > 60);
    CHECK(begun < 140);
  }
  CHECK(office.runs.size() == 1000);
}

TEST_CASE("no more run at once than the bound; the others wait in line and count as late") {
  World world;
  Office office(world, 3);
  for (int i = 0; i < 5; ++i) office.add("i-" + std::to_string(i), R"({"checks":[{"type":"tcp","interval":"1s"}]})");
  office.pass(1s);
  CHECK(office.runs.size() == 3);
  CHECK(office.schedule.counters().in_flight == 3);
  CHECK(office.schedule.counters().waiting == 2);
  world.pass(5s);
  office.answer(RunEnd::passed);
  CHECK(office.runs.size() == 2);
  CHECK(office.schedule.counters().late == 2);
}

TEST_CASE("a result for an instance that has left is forgotten") {
  World world;
  Office office(world);
  office.add("a", R"({"checks":[{"type":"tcp","fall":1}]})");
  office.pass(10s);
  REQUIRE(world.remove("web", "a"));
  office.look();
  office.answer(RunEnd::failed);
  CHECK(office.lines.empty());
  CHECK(office.schedule.counters().in_flight == 0);
}

TEST_CASE("a report under way about one version says nothing of the reports of the next") {
  World world;
  Office office(world);
  office.add("a", R"({"checks":[{"type":"tcp","fall":1}]})");
  office.pass(10s);
  office.tells_the_roll = false;
  for (CheckRun& run : std::exchange(office.runs, {})) {
    office.schedule.finish(run.id, {RunEnd::failed, "first"}, world.clock.now());
  }
  const SetHealth first = std::get<SetHealth>(std::exchange(office.reports, {}).at(0).asked);
  office.add("a", R"({"checks":[{"type":"tcp","fall":1,"port":81}]})");
  office.pass(10s);
  for (CheckRun& run : std::exchange(office.runs, {})) {
    office.schedule.finish(run.id, {RunEnd::failed, "second"}, world.clock.now());
  }
  REQUIRE(office.reports.size() == 1);
  office.schedule.reported({first.key, first.judged});  // the answer to the first, late
  office.pass(10s);
  for (CheckRun& run : std::exchange(office.runs, {})) {
    office.schedule.finish(run.id, {RunEnd::failed, "third"}, world.clock.now());
  }
  CHECK(office.reports.size() == 1);  // the second is still under way
}

}  // namespace
}  // namespace rollcall::registry
