#include "cluster/skydns/import_plan.h"

#include <fmt/format.h>
#include <utility>

#include "base/ascii_case.h"
#include "cluster/skydns/record.h"
#include "registry/rules.h"

namespace rollcall::cluster {
namespace {

constexpr std::string_view k_author = "etcd";

// What the record asks for: a registration at its key below roll/, or a sentence.
struct Wanted {
  std::string roll = {};  // below the cluster's prefix
  std::string zone = {};
  registry::Registration registration = {};
  std::string why_not = {};
  bool is_nothing = false;  // in no zone of ours, or a mirror's: none of our business
};

std::optional<Error> refuse(const registry::Registration& asked, const registry::ZoneDirectory& zones) {
  if (auto refusal = registry::refuse_service(asked.key.service.ref(), zones)) return refusal;
  return registry::refuse_names(asked.key.ref(), asked.tags, zones);
}

Wanted wanted_of(const ImportRules& rules, const KeyValue& record) {
  const auto place = place_of_record(rules.prefix, record.key, rules.zones);
  if (!place) return {.why_not = place.error().message};
  if (!*place) return {.is_nothing = true};
  Result<ReadRecord> read = read_record(record, **place, rules.zones.apex_bytes_of((*place)->zone));
  if (!read) return {.why_not = std::move(read.error().message)};
  if (!read->mirrored_by.empty()) return {.is_nothing = true};
  if (const std::optional<Error> refusal = refuse(read->registration, rules.zones)) {
    return {.why_not = refusal->message};
  }
  const registry::InstanceKey& key = read->registration.key;
  const std::string zone = to_lower((*place)->zone_name);
  std::string roll = rules.keys.instance(zone, key.service.name, to_lower(registry::label_of(key.id)));
  return {.roll = roll.substr(rules.keys.all().size()), .zone = zone, .registration = std::move(read->registration)};
}

// A registration below roll/, as far as it is known.
struct Held {
  Revision revision = 0;  // 0: it is not there
  bool is_own = true;     // made of this record
  std::optional<StoredInstance> stored = {};
};

Held held_of(const ImportRules& rules, const std::string& key, const ImportState& state, const std::string& roll) {
  const std::string name = rules.keys.all() + roll;
  const auto at = state.held.find(name);
  if (at == state.held.end()) return {.revision = state.import.roll == roll ? state.marked : 0};
  if (!at->second) return {};
  Held held{.revision = at->second->changed, .is_own = false};
  const Place place = rules.keys.place_of(name);
  const auto* instance = std::get_if<InstancePlace>(&place);
  if (instance == nullptr) return held;
  const std::optional<registry::ZoneId> zone = rules.zones.find(instance->zone);
  if (!zone) return held;
  auto stored = read_instance(at->second->value, *zone, *instance, rules.bounds, rules.zones.apex_bytes_of(*zone));
  if (!stored) return held;
  held.is_own = stored->registration.attributes == origin_of(key);
  held.stored = std::move(*stored);
  return held;
}

std::string zone_of(const Keys& keys, const std::string& roll) {
  const std::string name = keys.all() + roll;
  const Place place = keys.place_of(name);
  const auto* instance = std::get_if<InstancePlace>(&place);
  return instance == nullptr ? std::string() : std::string(instance->zone);
}

void take_off(const ImportRules& rules, const std::string& roll, const Held& held, ImportStep& step) {
  if (held.revision == 0 || !held.is_own) return;
  std::string name = rules.keys.all() + roll;
  step.compares.push_back({name, Compare::Target::mod_revision, held.revision});
  step.deletes.push_back(std::move(name));
  step.marks.push_back({.key = roll,
                        .kind = registry::EventKind::deregistered,
                        .cause = registry::Cause::deregistered,
                        .by = std::string(k_author)});
  if (std::string zone = zone_of(rules.keys, roll); !zone.empty()) step.zone = std::move(zone);
}

void put_on(const ImportRules& rules, const ImportState& state, Wanted& wanted, const Held& held,
            registry::WallTime now, ImportStep& step) {
  const bool is_there = held.revision != 0;
  step.import.registered_at =
      is_there && state.import.registered_at != registry::WallTime{} ? state.import.registered_at : now;
  registry::Standing standing;
  if (held.stored) {
    standing = held.stored->standing;
    step.import.registered_at = held.stored->registered_at;
  } else {
    standing.since = step.import.registered_at;
  }
  std::string name = rules.keys.all() + wanted.roll;
  step.compares.push_back({name, Compare::Target::mod_revision, held.revision});
  step.marks.push_back({.key = wanted.roll,
                        .kind = is_there ? registry::EventKind::updated : registry::EventKind::registered,
                        .cause = is_there ? registry::Cause::changed : registry::Cause::registered,
                        .is_renewal = is_there && state.is_refreshed,
                        .by = std::string(k_author)});
  step.puts.push_back({.key = std::move(name),
                       .value = write_instance({.registration = std::move(wanted.registration),
                                                .standing = standing,
                                                .registered_at = step.import.registered_at},
                                               k_author),
                       .lease = rules.is_one_store ? state.record->lease : 0});
  step.zone = std::move(wanted.zone);
  step.import.roll = std::move(wanted.roll);
}

}  // namespace

std::optional<ImportStep> plan_import(const ImportRules& rules, const std::string& key, const ImportState& state,
                                      registry::WallTime now) {
  Wanted wanted = state.record ? wanted_of(rules, *state.record) : Wanted{.is_nothing = true};
  if (wanted.is_nothing && state.marked == 0) return std::nullopt;
  ImportStep step;
  const std::string& old = state.import.roll;
  if (!old.empty() && old != wanted.roll) take_off(rules, old, held_of(rules, key, state, old), step);
  if (!wanted.is_nothing) step.import.revision = state.record->changed;
  if (!wanted.roll.empty()) {
    const Held held = held_of(rules, key, state, wanted.roll);
    if (held.revision != 0 && !held.is_own) {
      step.is_conflict = true;
      wanted.why_not = fmt::format("instance {} of service {} is on the roll already, registered otherwise",
                                   wanted.registration.key.id, wanted.registration.key.service.name);
      step.compares.push_back({rules.keys.all() + wanted.roll, Compare::Target::mod_revision, held.revision});
    } else {
      put_on(rules, state, wanted, held, now, step);
    }
  }
  step.import.why_not = std::move(wanted.why_not);
  const bool is_as_it_was = state.marked != 0 && step.import == state.import;
  if (is_as_it_was && step.deletes.empty() && step.puts.empty()) return std::nullopt;
  std::string mark = rules.keys.import(key);
  step.compares.push_back({mark, Compare::Target::mod_revision, state.marked});
  if (rules.is_one_store) {
    step.compares.push_back({key, Compare::Target::mod_revision, state.record ? state.record->changed : 0});
  }
  if (step.import.revision == 0) {
    step.deletes.push_back(std::move(mark));
  } else {
    step.puts.push_back({std::move(mark), write_import(step.import)});
  }
  return step;
}

}  // namespace rollcall::cluster
