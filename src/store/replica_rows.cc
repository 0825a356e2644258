#include "store/replica_rows.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "registry/instance/registration.h"

namespace rollcall::store {
namespace {

// An instance with index 0 was inserted by an operator, and is not on the roll.
constexpr const char* k_put_service = R"sql(
INSERT INTO service (zone, name, protocols, emptied_at_ms, change_index, free_name)
  VALUES (?1, ?2, ?3,
          iif(EXISTS (SELECT 1 FROM instance WHERE zone = ?1 AND service = ?2 AND change_index > 0), NULL, ?4), ?5, ?6)
  ON CONFLICT DO UPDATE SET
    protocols = CASE WHEN excluded.protocols IN ('', protocols) THEN protocols
                     WHEN protocols = '' THEN excluded.protocols ELSE 'tcp,udp' END,
    emptied_at_ms = excluded.emptied_at_ms, change_index = max(change_index, excluded.change_index))sql";

const char* protocols_text(registry::ProtocolSet protocols) {
  static constexpr const char* k_texts[] = {"", "tcp", "udp", "tcp,udp"};
  return k_texts[protocols & 3U];
}

std::int64_t to_column(registry::WallTime time) { return time.time_since_epoch().count(); }

void run(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

using registry::ChangeIndex;

// Of the version that is shown: one that was put again is stored under another.
ChangeIndex shown_index(const registry::DurableChange& change) {
  const bool is_renewal = change.present && change.present->unchanged_since != 0;
  return is_renewal ? change.present->unchanged_since : change.event.index;
}

}  // namespace

FollowedChanges::FollowedChanges(std::span<const registry::DurableChange> changes) {
  std::map<registry::InstanceRef, const registry::DurableChange*> last;
  for (const registry::DurableChange& change : changes) {
    const registry::Event& event = change.event;
    last.insert_or_assign(event.key.ref(), &change);
    ServiceChange& service = services_[event.key.service.ref()];
    const ChangeIndex index = shown_index(change);
    service.index = std::max(service.index, index);
    if (change.present) {
      service.protocols |= registry::to_set(change.present->registration.protocol);
    } else {
      service.removed_at = event.at;
    }
    if (event.id != 0) transaction_.events.push_back(std::make_shared<registry::Event>(event));
    transaction_.index = std::max(transaction_.index, event.index);
  }
  std::ranges::stable_sort(transaction_.events, {}, [](const auto& event) { return event->id; });
  for (const auto& [key, change] : last) {
    if (!change->present) {
      transaction_.removed.emplace_back(key);
      continue;
    }
    registry::InstanceRecord& record = records_.emplace_back();
    record.registration = change->present->registration;
    record.standing = change->present->standing;
    record.index = shown_index(*change);
    record.registered_at = change->present->registered_at;
    transaction_.instances.push_back(&record);
  }
}

ReplicaRows::ReplicaRows(SQLite::Database& connection, const registry::ZoneDirectory& zones)
    : connection_(connection),
      zones_(zones),
      read_place_(connection, "SELECT cluster, incarnation, applied_revision, lane, lane_id FROM replica"),
      put_place_(connection,
                 "REPLACE INTO replica (one, cluster, incarnation, applied_revision, lane, lane_id)"
                 " VALUES (1, ?, ?, ?, ?, ?)"),
      forget_place_(connection, "DELETE FROM replica"),
      put_service_(connection, k_put_service) {}

std::optional<registry::ReplicaPlace> ReplicaRows::read_place() {
  std::optional<registry::ReplicaPlace> place;
  if (read_place_.executeStep()) {
    const auto text = [&](int column) { return read_place_.getColumn(column).getString(); };
    place = {text(0), text(1), read_place_.getColumn(2).getInt64(), text(3), text(4), true};
  }
  read_place_.reset();
  return place;
}

void ReplicaRows::put_place(const registry::ReplicaPlace& place) {
  put_place_.bindNoCopy(1, place.cluster);
  put_place_.bindNoCopy(2, place.incarnation);
  put_place_.bind(3, place.applied_revision);
  put_place_.bindNoCopy(4, place.lane);
  put_place_.bindNoCopy(5, place.lane_id);
  run(put_place_);
}

void ReplicaRows::forget_place() { run(forget_place_); }

void ReplicaRows::clear() {
  connection_.exec(
      "DELETE FROM instance; DELETE FROM service; DELETE FROM event; DELETE FROM edit; DELETE FROM replica;"
      "UPDATE roll SET change_index = 0, event_id = 0");
}

void ReplicaRows::put_service(const registry::ServiceRef& service, const FollowedChanges::ServiceChange& change) {
  put_service_.bindNoCopy(1, zones_.text_of(service.zone));
  put_service_.bind(2, std::string(service.name));
  put_service_.bind(3, protocols_text(change.protocols));
  if (change.removed_at) {
    put_service_.bind(4, to_column(*change.removed_at));
  } else {
    put_service_.bind(4);
  }
  put_service_.bind(5, static_cast<std::int64_t>(change.index));
  put_service_.bind(6, registry::parse_label(service.name, "service") ? 0 : 1);
  run(put_service_);
}

void ReplicaRows::reset() noexcept {
  for (SQLite::Statement* statement : {&read_place_, &put_place_, &forget_place_, &put_service_}) statement->tryReset();
}

}  // namespace rollcall::store
