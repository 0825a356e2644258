#include "cluster/roll/lanes.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

#include "base/ascii_case.h"
#include "base/check.h"
#include "json/body.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {
namespace {

using registry::ChangeIndex;
using registry::NotRecorded;
using registry::Recorded;

constexpr std::string_view k_no_space =
    "etcd is out of space: compact and defragment it, then disarm its alarm (docs/cluster.md)";

// What etcd reads where a compare fails travels, and is logged, with every transaction. So it is asked for only while
// differences are likely; the first of them costs a second try, which may find none.
constexpr std::size_t k_reads_after_difference = 64;

constexpr std::string_view k_same_name =
    "another instance of this service has an id with the same name in the DNS: choose another id";

Error refusal_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_space: return {Errc::store_failed, std::string(k_no_space)};
    case Refusal::overloaded: return {Errc::store_busy, "etcd has too many requests waiting; try again"};
    case Refusal::too_large: return {Errc::store_failed, "etcd refuses the change: it is too large"};
    case Refusal::not_allowed:
      return {Errc::store_failed, "etcd refuses the change: this node's user has no right to write the cluster's keys"};
    default: return {Errc::store_busy, "etcd refuses the change; try again"};
  }
}

// The id of an instance as its value says it, else its label in the key.
std::string id_in(const KeyValue& value) {
  if (const auto object = json::parse_object(value.value, "an instance")) {
    const boost::json::value* id = object->if_contains("id");
    if (id != nullptr && id->is_string()) return std::string(std::string_view(id->get_string()));
  }
  return value.key.substr(value.key.rfind('/') + 1);
}

}  // namespace

std::string random_id() {
  thread_local Random random = Random::from_system();
  return fmt::format("{:016x}", random.next());
}

void ZoneBases::set(const std::string& zone, std::uint32_t base) {
  const std::lock_guard lock(mutex_);
  std::erase_if(bases_, [&](const auto& each) { return each.first == zone; });
  if (base != 0) bases_.emplace_back(zone, base);
}

std::string ZoneBases::value_of(const std::string& zone) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find(bases_, zone, [](const auto& each) -> const std::string& { return each.first; });
  return std::to_string(at == bases_.end() ? 0 : at->second);
}

// ---------------------------------------------------------------- one lane

std::string Lane::guard(Transaction& transaction, LaneRecord record, bool only_compares) {
  record.id = random_id();
  record.node = node_;
  record.at = registry::wall_now();
  transaction.compares.push_back({key_, Compare::Target::mod_revision, changed_});
  transaction.otherwise.push_back({key_, {}});
  if (!only_compares) transaction.puts.push_back({key_, write_lane(record)});
  return record.id;
}

Transaction Lane::touch(std::string& id) {
  Transaction transaction;
  id = guard(transaction, {});
  return transaction;
}

bool Lane::learn(const std::vector<KeyValue>& read) {
  const auto at = std::ranges::find(read, key_, &KeyValue::key);
  const Revision changed = at == read.end() ? 0 : at->changed;
  return std::exchange(changed_, changed) != changed;
}

std::optional<Revision> Lane::revision_of(const std::vector<KeyValue>& read, const std::string& id) const {
  const auto at = std::ranges::find(read, key_, &KeyValue::key);
  if (at == read.end()) return std::nullopt;
  const Result<LaneRecord> record = read_lane(at->value);
  return record && record->id == id ? std::optional(at->changed) : std::nullopt;
}

// ---------------------------------------------------------------- all of them

// A lane, and its transaction in flight.
struct Lanes::Place {
  explicit Place(Lane its_lane) : lane(std::move(its_lane)) {}

  struct Changed {
    registry::InstanceKey instance;
    Revision replaces = 0;
  };
  Lane lane;
  Transaction transaction;  // without the lane's guard
  LaneRecord record;
  std::map<std::string, Changed> changed;  // by etcd key
  std::string id;                          // of the record that was sent last
  bool only_deletes = false;               // but for what counts them
  bool only_compares = false;              // etcd is out of space, and these are deletions
  std::size_t reads_for = 1;               // so many transactions more ask etcd what differs, should a compare fail
  Reply reply;
};

Lanes::Lanes(Engine& engine, const Keys& keys, std::string node, const registry::ZoneDirectory& zones,
             const ZoneBases& bases, RunSoon run_soon)
    : engine_(engine),
      keys_(keys),
      node_(std::move(node)),
      zones_(zones),
      bases_(bases),
      run_soon_(std::move(run_soon)) {
  for (std::uint32_t lane = 0; lane < k_lanes; ++lane) {
    places_.push_back(std::make_shared<Place>(Lane(keys_.lane(node_, lane), node_)));
  }
}

Lanes::~Lanes() = default;

void Lanes::begin(std::uint64_t base) {
  base_ = base;
  has_begun_.store(true, std::memory_order_release);
}

void Lanes::propose(std::size_t lane, const registry::Transaction& transaction, Reply reply) {
  const std::shared_ptr<Place>& place = places_.at(lane);
  check(!place->reply, "a lane has one transaction in flight");
  place->reply = std::move(reply);
  place->only_compares = false;
  counters_.proposed.fetch_add(1, std::memory_order_relaxed);
  if (std::expected<void, NotRecorded> filled = fill(*place, transaction); !filled) {
    return run_soon_([this, place, failed = std::move(filled.error())]() mutable {
      Lanes::reply(place, std::unexpected(std::move(failed)));
    });
  }
  send(place);
}

// The registry's transaction in etcd's terms.
std::expected<void, NotRecorded> Lanes::fill(Place& place, const registry::Transaction& transaction) const {
  place.transaction = {};
  place.record = {};
  place.changed.clear();
  std::map<registry::InstanceRef, const registry::Event*> events;
  for (const auto& event : transaction.events) events[event->key.ref()] = event.get();
  const auto revision_of = [base = base_.load()](ChangeIndex index) {
    return index > base ? static_cast<Revision>(index - base) : Revision{0};
  };
  std::set<std::string> zones;
  const auto add = [&](const registry::InstanceRef& instance, ChangeIndex replaces,
                       bool is_visible) -> const std::string& {
    const std::string zone = zones_.name_of(instance.service.zone);
    std::string key = keys_.instance(zone, instance.service.name, to_lower(registry::label_of(instance.id)));
    const Revision revision = revision_of(replaces);
    place.transaction.compares.push_back({key, Compare::Target::mod_revision, revision});
    place.transaction.otherwise.push_back({key, {}});
    LaneRecord::Mark mark{.key = key.substr(keys_.all().size())};
    if (const auto at = events.find(instance); at != events.end()) {
      const registry::Event& event = *at->second;
      mark.kind = event.kind;
      mark.cause = event.cause;
      mark.by = event.by;
      mark.detail = event.detail;
    } else {
      mark.kind = registry::EventKind::updated;
      mark.cause = registry::Cause::changed;
      mark.is_renewal = true;
    }
    place.record.marks.push_back(std::move(mark));
    if (is_visible) zones.insert(zone);  // else its serial stays
    const registry::InstanceKey owned{to_key(instance.service), std::string(instance.id)};
    return place.changed.insert_or_assign(std::move(key), Place::Changed{owned, revision}).first->first;
  };
  for (const registry::RemovedInstance& removed : transaction.removed) {
    place.transaction.deletes.push_back(add(removed, removed.replaces, true));
  }
  for (const registry::InstanceRecord* record : transaction.instances) {
    const bool is_visible = record->unchanged_since == 0;
    const std::string& key = add(record->registration.key.ref(), record->replaces, is_visible);
    const Revision since = is_visible ? 0 : revision_of(record->unchanged_since);
    place.transaction.puts.push_back({key, write_instance(*record, place.record.marks.back().by, since)});
  }
  if (place.changed.size() != transaction.removed.size() + transaction.instances.size()) {
    return std::unexpected(NotRecorded(Error{Errc::conflict, std::string(k_same_name)}, NotRecorded::Reason::split));
  }
  for (const registry::ServiceRef& service : transaction.forgotten) {
    place.transaction.puts.push_back({keys_.service(zones_.name_of(service.zone), service.name),
                                      write_service({.protocols = 0, .emptied_at = k_forgotten})});
  }
  place.only_deletes = transaction.instances.empty() && transaction.forgotten.empty();
  for (const std::string& zone : zones) {
    place.transaction.puts.push_back({keys_.serial(zone), bases_.value_of(zone)});
  }
  std::size_t octets = 0;
  for (const Put& put : place.transaction.puts) octets += put.key.size() + put.value.size();
  for (const LaneRecord::Mark& mark : place.record.marks) octets += mark.key.size() * 3 + mark.detail.size() + 128;
  if (octets > k_octets_of_lane_max) {
    return std::unexpected(NotRecorded(refusal_of(Refusal::too_large), NotRecorded::Reason::split));
  }
  return {};
}

void Lanes::send(const std::shared_ptr<Place>& place) {
  Transaction transaction = place->transaction;
  if (place->only_compares) transaction.puts.clear();
  place->id = place->lane.guard(transaction, place->record, place->only_compares);
  if (place->reads_for == 0) transaction.otherwise.clear();
  engine_.commit(std::move(transaction), [this, place](Committed committed) {
    run_soon_([this, place, committed = std::move(committed)]() mutable { took(place, std::move(committed)); });
  });
}

void Lanes::took(const std::shared_ptr<Place>& place, Committed committed) {
  switch (committed.outcome) {
    case CommitOutcome::applied: {
      if (!place->only_compares) place->lane.applied(committed.header.revision);
      if (place->reads_for > 0) --place->reads_for;
      const ChangeIndex index = base_ + static_cast<ChangeIndex>(committed.header.revision);
      counters_.applied.fetch_add(1, std::memory_order_relaxed);
      return reply(place, registry::Committed{index, index, 0});
    }
    case CommitOutcome::differed:
      if (std::exchange(place->reads_for, k_reads_after_difference) == 0) return send(place);
      return differed(place, committed);
    case CommitOutcome::unknown: counters_.unknown.fetch_add(1, std::memory_order_relaxed); return settle(place);
    case CommitOutcome::refused: break;
  }
  if (committed.refusal == Refusal::no_space && place->only_deletes && !place->only_compares) {
    place->only_compares = true;
    return send(place);
  }
  counters_.refused.fetch_add(1, std::memory_order_relaxed);
  const auto reason =
      committed.refusal == Refusal::too_large ? NotRecorded::Reason::split : NotRecorded::Reason::refused;
  reply(place, std::unexpected(NotRecorded(refusal_of(committed.refusal), reason)));
}

// Which instances are not as they were staged against? None of them: the lane has moved (an earlier run, or a transaction of
// unknown outcome), and nothing of ours was applied.
void Lanes::differed(const std::shared_ptr<Place>& place, const Committed& committed) {
  NotRecorded conflict(Error{Errc::store_busy, "another node has changed the instance; try again"},
                       NotRecorded::Reason::conflict);
  bool is_deleted = false;
  bool is_other_id = false;
  for (const auto& [key, changed] : place->changed) {
    const auto at = std::ranges::find(committed.read, key, &KeyValue::key);
    const Revision found = at == committed.read.end() ? 0 : at->changed;
    if (found == changed.replaces) continue;
    // Ids that differ in case have one key, whatever door they come by.
    if (changed.replaces == 0 && id_in(*at) != changed.instance.id) is_other_id = true;
    conflict.conflicts.push_back(changed.instance);
    is_deleted = is_deleted || found == 0;
    conflict.follow_up_to = std::max(conflict.follow_up_to, base_ + static_cast<ChangeIndex>(found));
  }
  const bool lane_moved = place->lane.learn(committed.read);
  if (conflict.conflicts.empty()) {
    if (lane_moved) return send(place);
    counters_.refused.fetch_add(1, std::memory_order_relaxed);
    return reply(place, std::unexpected(NotRecorded(Error{Errc::store_busy, "etcd names no difference; try again"})));
  }
  counters_.conflicts.fetch_add(1, std::memory_order_relaxed);
  if (is_other_id && place->changed.size() == 1) {
    return reply(place, std::unexpected(NotRecorded(Error{Errc::conflict, std::string(k_same_name)})));
  }
  if (is_other_id) conflict.reason = NotRecorded::Reason::split;  // in halves, until it stands alone
  if (!is_deleted) return reply(place, std::unexpected(std::move(conflict)));
  // When a key was deleted, nothing in etcd tells. What is put now comes after it, and our watch will bring both.
  engine_.commit(place->lane.touch(place->id), [this, place, conflict = std::move(conflict)](Committed touched) {
    run_soon_([this, place, conflict, touched = std::move(touched)]() mutable {
      if (touched.outcome == CommitOutcome::applied) {
        place->lane.applied(touched.header.revision);
        conflict.follow_up_to =
            std::max(conflict.follow_up_to, base_ + static_cast<ChangeIndex>(touched.header.revision));
        return reply(place, std::unexpected(std::move(conflict)));
      }
      if (touched.outcome == CommitOutcome::differed) place->lane.learn(touched.read);
      reply(place, std::unexpected(NotRecorded(static_cast<Error&>(conflict))));
    });
  });
}

void Lanes::settle(const std::shared_ptr<Place>& place) {
  std::string id;
  engine_.commit(place->lane.touch(id), [this, place, id](Committed touched) {
    run_soon_([this, place, touched = std::move(touched)]() mutable { settled(place, touched); });
  });
}

void Lanes::settled(const std::shared_ptr<Place>& place, const Committed& touched) {
  const auto refuse = [&](NotRecorded::Reason reason) {
    counters_.refused.fetch_add(1, std::memory_order_relaxed);
    reply(place, std::unexpected(NotRecorded(
                     Error{Errc::store_busy, "etcd has not answered; try again, or ask another node"}, reason)));
  };
  switch (touched.outcome) {
    case CommitOutcome::applied:  // so the other one was not, and never will be, if it would have put the lane
      place->lane.applied(touched.header.revision);
      return refuse(place->only_compares ? NotRecorded::Reason::unknown : NotRecorded::Reason::refused);
    case CommitOutcome::differed: {
      const std::optional<Revision> ours = place->lane.revision_of(touched.read, place->id);
      place->lane.learn(touched.read);
      if (!ours) return refuse(NotRecorded::Reason::unknown);
      const ChangeIndex index = base_ + static_cast<ChangeIndex>(*ours);
      counters_.applied.fetch_add(1, std::memory_order_relaxed);
      return reply(place, registry::Committed{index, index, 0});
    }
    case CommitOutcome::refused:
      // No space: what had a put was refused for that. Deletions alone may have passed, or may still: followed if so.
      return refuse(NotRecorded::Reason::unknown);
    case CommitOutcome::unknown:
      unsettled_.push_back(place);
      has_unsettled_ = true;
      return;
  }
}

void Lanes::look_again() {
  if (!has_unsettled_.exchange(false)) return;
  run_soon_([this] {
    for (const std::shared_ptr<Place>& place : std::exchange(unsettled_, {})) settle(place);
  });
}

void Lanes::reply(const std::shared_ptr<Place>& place, Recorded recorded) {
  Reply reply = std::exchange(place->reply, {});
  check(static_cast<bool>(reply), "a proposal is answered once");
  reply(std::move(recorded));
}

// One reading serves all that wait when it begins.
void Lanes::read_latest(std::move_only_function<void(std::optional<ChangeIndex>)> reply) {
  if (!has_begun_.load(std::memory_order_acquire)) return reply(std::nullopt);
  latest_.push_back(std::move(reply));
  if (std::exchange(is_reading_, true)) return;
  auto waiting = std::make_shared<decltype(latest_)>(std::exchange(latest_, {}));
  engine_.read({.range = range_of_prefix(keys_.lanes()), .newest_only = true}, [this, waiting](Snapshot lanes) {
    std::optional<ChangeIndex> index;
    if (lanes.ok()) index = lanes.keys.empty() ? 0 : base_ + static_cast<ChangeIndex>(lanes.keys.front().changed);
    run_soon_([this, waiting, index] {
      is_reading_ = false;
      for (auto& each : *waiting) each(index);
      if (latest_.empty()) return;
      auto first = std::move(latest_.back());
      latest_.pop_back();
      read_latest(std::move(first));
    });
  });
}

}  // namespace rollcall::cluster
