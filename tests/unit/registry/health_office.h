// What the tests of HealthSchedule share: an office that keeps what is asked for, and tells the roll what is reported.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "catch.h"
#include "health/plan_json.h"
#include "registry/work/health_schedule.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {

using health::CheckType;
using health::RunEnd;

inline health::SharedPlan plan(std::string_view json) {
  Result<health::SharedPlan> parsed = health::parse_plan(json);
  INFO((parsed ? std::string() : parsed.error().message));
  REQUIRE(parsed);
  return *parsed;
}

// Keeps what is asked for; results are given by the test.
struct Office final : HealthOrders {
  World& world;
  HealthSchedule schedule;
  std::vector<CheckRun> runs;  // under way
  Lines lines;
  bool tells_the_roll = true;
  CheckBeats beats;
  RunEnd node_end = RunEnd::passed;  // of an alias of a node

  explicit Office(World& its_world, std::size_t in_flight = 512)
      : world(its_world), schedule(its_world.registry, *this, in_flight, its_world.clock.now()) {}

  void run(CheckRun run) override { runs.push_back(std::move(run)); }
  health::RunResult look_at_node(ZoneId, std::string_view node) override { return {node_end, std::string(node)}; }
  std::optional<CheckBeats::Beat> last_beat(const InstanceKey& key, std::string_view check) override {
    return beats.find(key, check);
  }
  void forget_beats(const InstanceKey& key, std::string_view check) override { beats.forget(key, check); }
  void report(const Judged& judged, bool critical, const std::string& output) override {
    lines.push_back(judged.key.id + (critical ? " critical: " + output : " ready"));
    reports.push_back({SetHealth{judged.key, judged.since, critical, output}});
  }
  void report_check(const Judged& judged, const health::CheckResult& result) override {
    std::string line = judged.key.id + ' ' + result.id + ' ' + std::string(health::to_text(result.status));
    if (!result.output.empty()) line += ": " + result.output;
    lines.push_back(std::move(line));
    reports.push_back({SetCheck{judged.key, result, false, judged.since}});
  }
  void renew(const Judged& judged) override { lines.push_back(judged.key.id + " renewed by the store"); }
  void evict(const Judged& judged, const std::string& output, LeaseTime expires_at) override {
    lines.push_back(judged.key.id + " evicted: " + output);
    reports.push_back({End{judged.key, judged.since, output, expires_at}});
  }

  void add(const std::string& id, std::string_view json, std::chrono::milliseconds ttl = 1h) {
    Registration asked = registration("web", id);
    asked.health = plan(json);
    asked.ttl = ttl;
    REQUIRE(world.apply(Register{asked}));
    look();
  }
  void look() { schedule.look_at({k_svc, "web"}, world.clock.now()); }

  // Runs of all that was asked for end so; what was reported reaches the roll.
  void answer(RunEnd end, const std::string& output = "no") {
    for (CheckRun& run : std::exchange(runs, {})) schedule.finish(run.id, {end, output}, world.clock.now());
    while (!reports.empty()) {
      for (const Change& change : std::exchange(reports, {})) {
        if (tells_the_roll) static_cast<void>(world.apply(change));
        look();
        const auto* health = std::get_if<SetHealth>(&change.asked);
        if (health != nullptr) schedule.reported({health->key, health->judged});
        const auto* check = std::get_if<SetCheck>(&change.asked);
        if (check != nullptr) schedule.reported({check->key, *check->judged}, check->result.id);
      }
    }
  }
  // Time passes in small steps; how many runs have begun in it.
  void tell_roll() { answer(RunEnd::passed); }  // of runs there are none
  std::size_t pass(LeaseTime::duration time, LeaseTime::duration step = 10ms) {
    const std::size_t before = runs.size();
    for (LeaseTime::duration gone{}; gone < time; gone += step) {
      world.pass(step);
      schedule.advance(world.clock.now());
    }
    return runs.size() - before;
  }
  Status status(const std::string& id) const {
    const rcu::ReadLock lock;
    return world.registry.find_instance(key("web", id).ref())->status;
  }
  std::vector<Change> reports;
};

}  // namespace rollcall::registry::testing
