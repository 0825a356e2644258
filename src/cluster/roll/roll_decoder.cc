#include "cluster/roll/roll_decoder.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <set>
#include <variant>

#include "base/check.h"
#include "base/limits.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {
namespace {

using registry::Cause;
using registry::DurableChange;
using registry::EventKind;

// What the transaction's lane says of one key. "Believed" only where the revision has an event of the key.
const LaneRecord::Mark* find_mark(const LaneRecord* lane, std::string_view key) {
  if (lane == nullptr) return nullptr;
  const auto at = std::ranges::lower_bound(lane->marks, key, {}, &LaneRecord::Mark::key);
  return at == lane->marks.end() || at->key != key ? nullptr : &*at;
}

// Beyond the last place of an index, events share one.
std::uint32_t next_place(std::uint32_t& number) {
  number = std::min(number + 1, (1U << (registry::k_event_place_bits - 1)) - 1);
  return number;
}

}  // namespace

RollDecoder::RollDecoder(const Keys& keys, const StoredFormat& format, const registry::ZoneDirectory& zones,
                         registry::LeaseBounds bounds, KnownInstances& known)
    : keys_(keys), format_(format), zones_(zones), bounds_(bounds), ids_(format.incarnation), known_(known) {}

std::optional<RollDecoder::Found> RollDecoder::find(const InstancePlace& place) const {
  const std::optional<registry::ZoneId> zone = zones_.find(place.zone);
  if (!zone) return std::nullopt;
  return Found{*zone, ids_.of(place.zone, place.service, place.label)};
}

std::optional<StoredInstance> RollDecoder::read(const KeyValue& value, const InstancePlace& place, const Found& found) {
  Result<StoredInstance> stored =
      read_instance(value.value, found.zone, place, bounds_, zones_.apex_bytes_of(found.zone));
  if (!stored) {
    ignore(value.key, std::move(stored.error().message));
    return std::nullopt;
  }
  heed(value.key);
  return std::move(*stored);
}

void RollDecoder::ignore(const std::string& key, std::string sentence) {
  ignored_.with([&](auto& ignored) {
    if (ignored.size() < limits::k_ignored_keys_max || ignored.contains(key)) ignored[key] = std::move(sentence);
  });
}

void RollDecoder::heed(const std::string& key) {
  ignored_.with([&](auto& ignored) {
    if (!ignored.empty()) ignored.erase(key);
  });
}

std::pair<std::vector<std::string>, std::size_t> RollDecoder::ignored(std::size_t max) const {
  return ignored_.with([&](const auto& ignored) {
    std::vector<std::string> sentences;
    for (const auto& [key, sentence] : ignored) {
      if (sentences.size() == max) break;
      sentences.push_back(fmt::format("{}: {}", key, sentence));
    }
    return std::pair(std::move(sentences), ignored.size());
  });
}

InstanceSeen RollDecoder::seen_of(const InstanceId& id, const StoredInstance& stored, const KeyValue& value) {
  return {id, stored.registration.ttl, value.changed};
}

KnownInstance RollDecoder::known_of(const StoredInstance& stored, const KeyValue& value) const {
  // Whose check is critical because nobody has called in has no lease until it passes.
  const bool has_lease = stored.registration.lease != registry::LeaseKind::none && value.lease == 0 &&
                         !registry::is_overdue(stored.registration, stored.standing);
  return {stored.registration.key, value.changed,
          has_lease ? stored.registration.ttl : std::chrono::milliseconds::zero(),
          stored.registration.lease == registry::LeaseKind::turns_critical, value.lease != 0};
}

registry::ChangeIndex RollDecoder::shown_since(const StoredInstance& stored, const KeyValue& value) const {
  const bool is_older = stored.unchanged_since > 0 && stored.unchanged_since < value.changed;
  return is_older ? index_of(stored.unchanged_since) : 0;
}

FollowedRevision RollDecoder::decode(const RevisionEvents& events) {
  FollowedRevision followed;
  followed.revision = followed.liveness.revision = events.revision;
  followed.index = index_of(events.revision);
  std::optional<LaneRecord> lane;
  std::set<registry::ZoneId> counted;
  for (const KeyEvent& event : events.events) {
    const Place place = keys_.place_of(event.now.key);
    if (std::holds_alternative<LanePlace>(place) && !event.deleted) {
      if (Result<LaneRecord> record = read_lane(event.now.value)) {
        followed.lane = LaneSeen{event.now.key, record->id};
        lane = std::move(*record);
        std::ranges::stable_sort(lane->marks, {}, &LaneRecord::Mark::key);  // for find_mark
      }
    } else if (const auto* serial = std::get_if<SerialPlace>(&place); serial != nullptr && !event.deleted) {
      if (const std::optional<ZoneCount> count = count_of(event.now, *serial)) {
        followed.counts.push_back(*count);
        counted.insert(count->zone);
      }
    }
  }
  std::uint32_t number = 0;
  for (const KeyEvent& event : events.events) {
    const Place place = keys_.place_of(event.now.key);
    if (const auto* instance = std::get_if<InstancePlace>(&place)) {
      if (event.deleted) {
        remove(event, *instance, lane ? &*lane : nullptr, number, followed);
      } else {
        put(event, *instance, lane ? &*lane : nullptr, number, followed);
      }
    } else {
      note_other(event, place, followed);
    }
  }
  for (const DurableChange& change : followed.changes) {
    if (change.present && change.present->unchanged_since != 0) continue;  // nobody sees it
    const registry::ZoneId zone = change.event.key.service.zone;
    if (!counted.insert(zone).second) continue;
    followed.uncounted.push_back(zone);
  }
  return followed;
}

void RollDecoder::put(const KeyEvent& event, const InstancePlace& place, const LaneRecord* lane, std::uint32_t& number,
                      FollowedRevision& followed) {
  const std::optional<Found> found = find(place);
  if (!found) return;
  std::optional<StoredInstance> stored = read(event.now, place, *found);
  if (!stored) return remove(event, place, lane, number, followed);
  const std::optional<KnownInstance> before = known_.find(found->id);
  // Another id with the same label was there: it leaves, the new one comes.
  const bool is_other = before && before->key != stored->registration.key;
  if (is_other) {
    remove(event, place, lane, number, followed);
    followed.liveness.ended.pop_back();  // the key goes on, and with it what was heard of it
  }
  const std::uint32_t number_here = next_place(number);
  const LaneRecord::Mark* mark = find_mark(lane, event.now.key.substr(keys_.all().size()));
  const bool is_known = before && !is_other;
  const bool is_renewal = mark != nullptr && mark->is_renewal && is_known;
  const registry::ChangeIndex index = index_of(event.now.changed);
  KnownInstance known = known_of(*stored, event.now);
  const bool has_lease = known.ttl != std::chrono::milliseconds::zero();
  if (has_lease) {
    followed.liveness.put.push_back(seen_of(found->id, *stored, event.now));
  } else {
    followed.liveness.ended.push_back(found->id);
  }
  known_.put(found->id, std::move(known));
  followed.changes.push_back(
      {.event = {.id = is_renewal ? 0 : registry::event_id(index, number_here),
                 .at = lane != nullptr ? lane->at : registry::wall_now(),
                 .key = stored->registration.key,
                 .kind = mark != nullptr ? mark->kind
                         : is_known      ? EventKind::updated
                                         : EventKind::registered,
                 .cause = mark != nullptr ? mark->cause
                          : is_known      ? Cause::changed
                                          : Cause::registered,
                 .by = mark != nullptr ? mark->by : std::string(k_unknown_author),
                 .detail = mark != nullptr ? mark->detail : std::string(),
                 .index = index},
       .present = DurableChange::Present{.registration = std::move(stored->registration),
                                         .standing = std::move(stored->standing),
                                         .registered_at = stored->registered_at,
                                         .unchanged_since = is_renewal ? shown_since(*stored, event.now) : 0}});
}

void RollDecoder::remove(const KeyEvent& event, const InstancePlace& place, const LaneRecord* lane,
                         std::uint32_t& number, FollowedRevision& followed) {
  if (event.deleted) heed(event.now.key);
  const std::optional<Found> found = find(place);
  if (!found) return;
  const std::optional<KnownInstance> before = known_.find(found->id);
  if (!before) return;
  known_.remove(found->id);
  followed.liveness.ended.push_back(found->id);
  // Of a key that is still there, the mark tells of what is there now.
  const LaneRecord::Mark* mark = event.deleted ? find_mark(lane, event.now.key.substr(keys_.all().size())) : nullptr;
  const bool was_leased = event.deleted && before->has_etcd_lease;  // expiry, revocation and deletion look alike
  const registry::ChangeIndex index = index_of(event.now.changed);
  followed.changes.push_back({.event = {.id = registry::event_id(index, next_place(number)),
                                        .at = lane != nullptr ? lane->at : registry::wall_now(),
                                        .key = before->key,
                                        .kind = mark != nullptr ? mark->kind
                                                : was_leased    ? EventKind::expired
                                                                : EventKind::deregistered,
                                        .cause = mark != nullptr ? mark->cause
                                                 : was_leased    ? Cause::lease_ended
                                                                 : Cause::deregistered,
                                        .by = mark != nullptr ? mark->by : std::string(k_unknown_author),
                                        .detail = mark != nullptr ? mark->detail : std::string(),
                                        .index = index},
                              .present = std::nullopt});
}

std::optional<ZoneCount> RollDecoder::count_of(const KeyValue& value, const SerialPlace& place) const {
  const std::optional<registry::ZoneId> zone = zones_.find(place.zone);
  if (!zone) return std::nullopt;
  std::uint32_t base = 0;
  std::from_chars(value.value.data(), value.value.data() + value.value.size(), base);
  return ZoneCount{*zone, base + static_cast<std::uint32_t>(value.version), base};
}

NodeSeen RollDecoder::node_of(const KeyValue& value, const SessionPlace& place, const StoredNode& stored) {
  NodeSeen node;
  node.name = place.node;
  node.incarnation = stored.incarnation;
  node.created = value.created;
  node.changed = value.changed;
  node.is_member = stored.is_member;
  node.hears = stored.hears;
  std::ranges::sort(node.hears);
  return node;
}

void RollDecoder::note_other(const KeyEvent& event, const Place& place, FollowedRevision& followed) {
  const KeyValue& value = event.now;
  if (std::holds_alternative<MembersPlace>(place)) {
    followed.liveness.members_put = !event.deleted;
  } else if (const auto* import = std::get_if<ImportPlace>(&place)) {
    Result<StoredImport> stored = event.deleted ? Result<StoredImport>() : read_import(value.value);
    const std::string record(import->record);
    if (stored && !stored->why_not.empty()) {
      ignore(record, std::move(stored->why_not));
    } else {
      heed(record);
    }
  } else if (std::holds_alternative<FormatPlace>(place)) {
    followed.format_changed = true;
  } else if (const auto* node = std::get_if<SessionPlace>(&place)) {
    Result<StoredNode> stored = event.deleted ? Result<StoredNode>() : read_node(value.value);
    if (stored) heed(value.key);
    if (event.deleted) {
      followed.liveness.nodes_gone.emplace_back(node->node);
      followed.nodes.push_back({std::string(node->node), std::nullopt});
    } else if (stored) {
      followed.liveness.nodes.push_back(node_of(value, *node, *stored));
      followed.nodes.push_back({std::string(node->node), std::move(*stored)});
    } else {
      // Nobody knows what it has heard: a member that is never heard holds up every end.
      ignore(value.key, stored.error().message);
      StoredNode unheard;
      unheard.is_member = true;
      followed.liveness.nodes.push_back(node_of(value, *node, unheard));
    }
  } else if (const auto* registered = std::get_if<RegisteredPlace>(&place)) {
    if (event.deleted) return;
    if (Result<StoredRegistration> stored = read_registration(value.value)) {
      followed.registered.emplace_back(registered->node, std::move(*stored));
    }
  } else if (const auto* service = std::get_if<ServicePlace>(&place)) {
    const std::optional<registry::ZoneId> zone = zones_.find(service->zone);
    if (!zone) return;
    ServiceSeen seen{{*zone, service->service}, value.changed, std::nullopt};
    if (!event.deleted) {
      if (Result<StoredService> stored = read_service(value.value)) seen.stored = *stored;
    }
    followed.services.push_back(std::move(seen));
  }
}

void RollDecoder::begin_snapshot() {
  snapshot_ = {};
  snapshot_known_.clear();
  newest_lane_ = 0;
  ignored_.with([](auto& ignored) { ignored.clear(); });
}

void RollDecoder::add_page(std::vector<KeyValue>&& page) {
  for (KeyValue& value : page) {
    const Place place = keys_.place_of(value.key);
    if (const auto* instance = std::get_if<InstancePlace>(&place)) {
      const std::optional<Found> found = find(*instance);
      if (!found) continue;
      std::optional<StoredInstance> stored = read(value, *instance, *found);
      if (!stored) continue;
      KnownInstance known = known_of(*stored, value);
      if (known.ttl != std::chrono::milliseconds::zero()) {
        snapshot_.liveness.instances.push_back(seen_of(found->id, *stored, value));
      }
      snapshot_known_.insert_or_assign(found->id, std::move(known));
      snapshot_.instances.push_back({stored->registration.key,
                                     value.changed,
                                     index_of(value.changed),
                                     {.registration = std::move(stored->registration),
                                      .standing = std::move(stored->standing),
                                      .registered_at = stored->registered_at,
                                      .unchanged_since = shown_since(*stored, value)},
                                     std::move(stored->by)});
    } else if (const auto* serial = std::get_if<SerialPlace>(&place)) {
      if (const std::optional<ZoneCount> count = count_of(value, *serial)) snapshot_.counts.push_back(*count);
    } else if (std::holds_alternative<LanePlace>(place)) {
      if (value.changed <= newest_lane_) continue;
      if (Result<LaneRecord> record = read_lane(value.value)) {
        newest_lane_ = value.changed;
        snapshot_.lane = LaneSeen{value.key, record->id};
      }
    } else if (std::holds_alternative<MembersPlace>(place)) {
      snapshot_.liveness.members = value.changed;
    } else {
      FollowedRevision other;
      note_other({.deleted = false, .now = value}, place, other);
      std::ranges::move(other.liveness.nodes, std::back_inserter(snapshot_.liveness.nodes));
      std::ranges::move(other.nodes, std::back_inserter(snapshot_.nodes));
      std::ranges::move(other.registered, std::back_inserter(snapshot_.registered));
      std::ranges::move(other.services, std::back_inserter(snapshot_.services));
    }
  }
}

FollowedSnapshot RollDecoder::end_snapshot(Revision revision) {
  snapshot_.revision = snapshot_.liveness.revision = revision;
  snapshot_.index = index_of(revision);
  snapshot_.history = format_.incarnation;
  std::ranges::sort(snapshot_.instances, {}, &FollowedSnapshot::Present::changed);
  known_.replace(std::exchange(snapshot_known_, {}));
  return std::exchange(snapshot_, {});
}

}  // namespace rollcall::cluster
