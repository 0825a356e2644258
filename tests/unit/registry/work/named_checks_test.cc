// Checks with results of their own: what the schedule tells the roll of each.
#include <string>
#include <utility>

#include "catch.h"
#include "registry/work/health_schedule.h"
#include "unit/registry/health_office.h"

namespace rollcall::registry {
namespace {

using namespace testing;

constexpr std::string_view k_two = R"({"checks":[{"type":"tcp","id":"a"},{"type":"tcp","id":"b"}]})";

void add_checked(Office& office, const std::string& id, std::string_view json, health::CheckResults checks) {
  Registration asked = registration("web", id);
  asked.health = plan(json);
  asked.ttl = 1h;
  REQUIRE(office.world.apply(Register{asked, {.checks = std::move(checks)}}));
  office.look();
}

health::CheckResult named(std::string id, health::CheckStatus status) {
  return {.id = std::move(id), .kind = health::CheckKind::run, .status = status};
}

TEST_CASE("each named check is told of by itself, and only when it changes") {
  World world;
  Office office(world);
  add_checked(office, "i", k_two,
              {named("a", health::CheckStatus::critical), named("b", health::CheckStatus::passing)});
  CHECK(office.status("i") == Status::critical);
  office.pass(10s);
  office.answer(RunEnd::passed, "");
  CHECK(office.lines == Lines{"i a passing"});
  CHECK(office.status("i") == Status::ready);
  office.pass(10s);
  office.answer(RunEnd::passed, "");
  CHECK(office.lines.size() == 1);
  office.pass(10s);
  office.answer(RunEnd::warned, "slow");
  CHECK(office.lines.size() == 3);
  CHECK(office.status("i") == Status::ready);
  office.pass(10s);
  office.answer(RunEnd::refused, "gone");
  CHECK(office.lines.size() == 5);
  CHECK(office.lines.back().ends_with("critical: gone"));
  CHECK(office.status("i") == Status::critical);
}

TEST_CASE("what was found about an instance that has been replaced since counts for nothing") {
  World world;
  Office office(world);
  add_checked(office, "i", k_two, {named("a", health::CheckStatus::passing), named("b", health::CheckStatus::passing)});
  office.pass(10s);
  Registration other = registration("web", "i");
  other.health = plan(R"({"checks":[{"type":"tcp","id":"a","port":99}]})");
  REQUIRE(world.apply(Register{other, {.checks = health::CheckResults{named("a", health::CheckStatus::passing)}}}));
  office.answer(RunEnd::failed);
  CHECK(office.status("i") == Status::ready);
}

TEST_CASE("an alias is as the other instance is") {
  World world;
  Office office(world);
  add_checked(office, "i", R"({"checks":[{"type":"alias","id":"a","target":"other","interval":"1s"}]})",
              {named("a", health::CheckStatus::passing)});
  office.pass(2s);
  office.answer(RunEnd::passed);
  CHECK(office.status("i") == Status::critical);
  REQUIRE(world.apply(Register{registration("db", "other")}));
  office.pass(2s);
  office.answer(RunEnd::passed);
  CHECK(office.status("i") == Status::ready);
  REQUIRE(world.apply(SetDraining{{{k_svc, "db"}, "other"}}));
  office.pass(2s);
  office.answer(RunEnd::passed);
  CHECK(office.status("i") == Status::critical);
  CHECK(office.runs.empty());
}

}  // namespace
}  // namespace rollcall::registry
