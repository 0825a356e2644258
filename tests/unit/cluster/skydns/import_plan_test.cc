// What one member does about a record: what the transaction compares, and what it leaves behind.
#include "cluster/skydns/import_plan.h"

#include <algorithm>

#include "catch.h"
#include "cluster/skydns/record.h"
#include "unit/cluster/skydns/skydns_zones.h"

namespace rollcall::cluster {
namespace {

constexpr registry::WallTime k_now{std::chrono::seconds(1'000)};
const std::string k_record = "/skydns/internal/svc/web/x1";
const std::string k_value = R"({"host":"192.0.2.1","port":80})";
const std::string k_roll = "/rollcall/prod/roll/svc.internal/web/x1";
const std::string k_mark = "/rollcall/prod/imported/skydns/internal/svc/web/x1";

std::optional<ImportStep> plan(const ImportState& state, bool is_one_store = true, const std::string& key = k_record) {
  const Keys keys("prod");
  const testing::SkyZones zones;
  const std::string prefix = "/skydns";
  return plan_import({keys, prefix, zones, {}, is_one_store}, key, state, k_now);
}

std::optional<Revision> compared(const ImportStep& step, const std::string& key) {
  const auto at = std::ranges::find(step.compares, key, &Compare::key);
  return at == step.compares.end() ? std::nullopt : std::optional(at->equals);
}
const Put* put_of(const ImportStep& step, const std::string& key) {
  const auto at = std::ranges::find(step.puts, key, &Put::key);
  return at == step.puts.end() ? nullptr : &*at;
}
bool deletes(const ImportStep& step, const std::string& key) {
  return std::ranges::find(step.deletes, key) != step.deletes.end();
}

ImportState seen(const std::string& value, Revision changed = 7, LeaseNumber lease = 0) {
  return {.record = KeyValue{.key = k_record, .value = value, .changed = changed, .lease = lease}};
}
// As the step has left it, in this revision.
ImportState after(ImportState state, const ImportStep& step, Revision revision) {
  state.marked = revision;
  state.import = step.import;
  return state;
}

TEST_CASE("a new record is put on the roll, if nothing has changed meanwhile") {
  const auto step = plan(seen(k_value, 7, 99));
  REQUIRE(step);
  CHECK(compared(*step, k_roll) == 0);
  CHECK(compared(*step, k_mark) == 0);
  CHECK(compared(*step, k_record) == 7);
  REQUIRE(put_of(*step, k_roll) != nullptr);
  CHECK(put_of(*step, k_roll)->lease == 99);
  REQUIRE(put_of(*step, k_mark) != nullptr);
  CHECK(put_of(*step, k_mark)->lease == 0);
  CHECK(step->zone == "svc.internal");
  CHECK(step->import == StoredImport{7, "roll/svc.internal/web/x1", "", k_now});
  REQUIRE(step->marks.size() == 1);
  CHECK(step->marks[0].key == "roll/svc.internal/web/x1");
  CHECK(step->marks[0].kind == registry::EventKind::registered);
}

TEST_CASE("an etcd of its own has neither the lease nor the record of the transaction") {
  const auto step = plan(seen(k_value, 7, 99), false);
  REQUIRE(step);
  CHECK_FALSE(compared(*step, k_record));
  CHECK(put_of(*step, k_roll)->lease == 0);
}

TEST_CASE("a record that was looked at already asks for nothing more but when it is put again") {
  const auto first = plan(seen(k_value));
  ImportState state = after(seen(k_value), *first, 8);
  state.record->changed = 9;
  state.is_refreshed = true;
  const auto step = plan(state);
  REQUIRE(step);
  CHECK(compared(*step, k_roll) == 8);
  CHECK(compared(*step, k_mark) == 8);
  CHECK(step->marks.at(0).is_renewal);
  CHECK(step->import.registered_at == k_now);
}

TEST_CASE("a record that is deleted leaves the roll, and nothing stays of it") {
  ImportState state = after(seen(k_value), *plan(seen(k_value)), 8);
  state.record.reset();
  const auto step = plan(state);
  REQUIRE(step);
  CHECK(deletes(*step, k_roll));
  CHECK(deletes(*step, k_mark));
  CHECK(compared(*step, k_roll) == 8);
  CHECK(compared(*step, k_record) == 0);
  CHECK(step->puts.empty());
  CHECK(step->import.revision == 0);
}

TEST_CASE("where the registration has gone already, by a lease of etcd, only the mark is left to go") {
  ImportState state = after(seen(k_value), *plan(seen(k_value)), 8);
  state.record.reset();
  state.held[k_roll] = std::nullopt;
  const auto step = plan(state);
  REQUIRE(step);
  CHECK_FALSE(deletes(*step, k_roll));
  CHECK(deletes(*step, k_mark));
}

TEST_CASE("a record whose lease by ttl is over comes back when it is put again") {
  ImportState state = after(seen(k_value), *plan(seen(k_value)), 8);
  state.record->changed = 20;
  state.is_refreshed = true;
  state.held[k_roll] = std::nullopt;
  const auto step = plan(state);
  REQUIRE(step);
  CHECK(compared(*step, k_roll) == 0);
  CHECK_FALSE(step->marks.at(0).is_renewal);
  CHECK(step->marks.at(0).kind == registry::EventKind::registered);
}

TEST_CASE("a registration over HTTP is the roll's own, and wins") {
  ImportState state = seen(k_value);
  state.held[k_roll] = KeyValue{.key = k_roll, .value = R"({"address":"192.0.2.9","port":1})", .changed = 5};
  const auto step = plan(state);
  REQUIRE(step);
  CHECK(step->is_conflict);
  CHECK(put_of(*step, k_roll) == nullptr);
  CHECK(compared(*step, k_roll) == 5);
  CHECK(step->import.roll.empty());
  CHECK(step->import.why_not.find("x1") != std::string::npos);
  CHECK_FALSE(plan(after(state, *step, 9)));
  SECTION("also when the record is deleted") {
    ImportState gone = after(state, *step, 9);
    gone.record.reset();
    const auto end = plan(gone);
    REQUIRE(end);
    CHECK(end->deletes == std::vector{k_mark});
  }
  SECTION("until it goes") {
    ImportState free = after(state, *step, 9);
    free.held.clear();
    const auto again = plan(free);
    REQUIRE(again);
    CHECK(put_of(*again, k_roll) != nullptr);
    CHECK(again->import.why_not.empty());
  }
}

TEST_CASE("an instance of a record stays drained when the record is put again") {
  ImportState state = after(seen(k_value), *plan(seen(k_value)), 8);
  const std::string put = put_of(*plan(seen(k_value)), k_roll)->value;
  const std::string drained = put.substr(0, put.size() - 1) + R"(,"draining":true})";
  state.held[k_roll] = KeyValue{.key = k_roll, .value = drained, .changed = 12};
  state.record->changed = 13;
  const auto step = plan(state);
  REQUIRE(step);
  CHECK(compared(*step, k_roll) == 12);
  CHECK(put_of(*step, k_roll)->value.find(R"("draining":true)") != std::string::npos);
}

TEST_CASE("what breaks a rule is told once, and takes off the roll what was there") {
  const auto bad = plan(seen("garbage"));
  REQUIRE(bad);
  CHECK(bad->puts.size() == 1);
  CHECK_FALSE(bad->import.why_not.empty());
  CHECK_FALSE(plan(after(seen("garbage"), *bad, 8)));
  ImportState state = after(seen(k_value), *plan(seen(k_value)), 8);
  state.record->value = "garbage";
  state.record->changed = 9;
  const auto step = plan(state);
  REQUIRE(step);
  CHECK(deletes(*step, k_roll));
  CHECK(put_of(*step, k_mark) != nullptr);
}

TEST_CASE("names of the zone file are not taken by records") {
  const std::string key = "/skydns/internal/svc/taken/x1";
  ImportState state = seen(k_value);
  state.record->key = key;
  const auto step = plan(state, true, key);
  REQUIRE(step);
  CHECK(step->import.why_not.find("taken.svc.internal") != std::string::npos);
}

TEST_CASE("records of a mirror, and of zones that are not served, leave no trace") {
  CHECK_FALSE(plan(seen(R"({"host":"192.0.2.1","rollcall":"prod"})")));
  ImportState other = seen(k_value);
  other.record->key = "/skydns/test/web/x1";
  CHECK_FALSE(plan(other, true, "/skydns/test/web/x1"));
}

TEST_CASE("a record that changes its id moves") {
  const std::string key = "/skydns/internal/svc/web";
  ImportState state = seen(k_value);
  state.record->key = key;
  const auto first = plan(state, true, key);
  REQUIRE(first);
  state = after(state, *first, 8);
  state.record->value = R"({"host":"192.0.2.2","port":80})";
  state.record->changed = 9;
  const auto step = plan(state, true, key);
  REQUIRE(step);
  CHECK(step->deletes.size() == 1);
  CHECK(step->puts.size() == 2);
  CHECK(step->marks.size() == 2);
}

TEST_CASE("an imported key is read as it was written") {
  const StoredImport import{123, "roll/svc.internal/web/x1", "a \"sentence\"", k_now};
  const auto read = read_import(write_import(import));
  REQUIRE(read.has_value());
  CHECK(*read == import);
  CHECK_FALSE(read_import("{}").has_value());
  const Keys keys("prod");
  const std::string key = keys.import(k_record);
  CHECK(key == k_mark);
  const Place place = keys.place_of(key);
  CHECK(std::get<ImportPlace>(place).record == k_record);
  CHECK(std::holds_alternative<Foreign>(keys.place_of("/rollcall/prod/imported")));
  CHECK(std::holds_alternative<Foreign>(keys.place_of("/rollcall/prod/importedx/y")));
}

}  // namespace
}  // namespace rollcall::cluster
