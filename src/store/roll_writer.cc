#include "store/roll_writer.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <sqlite3.h>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "health/plan_json.h"
#include "registry/instance/registration.h"
#include "store/database.h"
#include "store/row_text.h"

namespace rollcall::store {
namespace {

// Deletes a service only if no instance row refers to it. An ignored instance row, edited by hand, counts too.
constexpr const char* k_forget_service = R"sql(
DELETE FROM service WHERE zone = ?1 AND name = ?2
  AND NOT EXISTS (SELECT 1 FROM instance WHERE zone = ?1 AND service = ?2))sql";

constexpr const char* k_put_service = R"sql(
INSERT INTO service (zone, name, protocols, emptied_at_ms, change_index, free_name) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET protocols = excluded.protocols, emptied_at_ms = excluded.emptied_at_ms,
                            change_index = excluded.change_index)sql";

// REPLACE with every column: no value of the old row is kept.
constexpr const char* k_put_instance = R"sql(
REPLACE INTO instance (zone, service, id, addresses, port, protocol, priority, weight, tags, meta, ttl_ms, status,
                       registered_at_ms, change_index, status_since_ms, check_output, checks, critical_since_ms,
                       results, lease, lease_check, host, door, attributes)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))sql";

// change_index and event_id never decrease, except that a number out of range (?3), set by hand, is discarded.
constexpr const char* k_put_index = R"sql(
INSERT INTO roll (one, change_index, event_id, stored_at_ms) VALUES (1, ?, ?, ?4)
  ON CONFLICT DO UPDATE SET stored_at_ms = excluded.stored_at_ms, change_index = max(iif(change_index > ?3, 0, change_index), excluded.change_index),
                            event_id = iif(excluded.event_id > 0, excluded.event_id, event_id))sql";

void run(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

std::int64_t to_column(registry::ChangeIndex index) { return static_cast<std::int64_t>(index); }
std::int64_t to_column(registry::WallTime time) { return time.time_since_epoch().count(); }

const std::string& protocols_text(registry::ProtocolSet protocols) {
  static const std::string texts[] = {"", "tcp", "udp", "tcp,udp"};
  return texts[protocols & 3U];
}

// Binds NULL if `is_null`, otherwise the number.
void bind_unless(SQLite::Statement& row, int place, bool is_null, std::int64_t number) {
  if (is_null) {
    row.bind(place);
  } else {
    row.bind(place, number);
  }
}

// The time since when the instance is critical: that of the plan's own result, which has no other column for it;
// otherwise that of the check that has been critical for longest.
std::optional<registry::WallTime> critical_since_of(const registry::Standing& standing) {
  std::optional<registry::WallTime> since;
  for (const health::CheckResult& result : standing.checks) {
    if (result.status != health::CheckStatus::critical) continue;
    if (result.id == health::k_plan_check) return result.since;
    since = std::min(since.value_or(result.since), result.since);
  }
  return since;
}

// Sorts by primary key, so that neighbouring rows of the B-tree are written together.
std::vector<registry::InstanceRecord*> in_key_order(std::vector<registry::InstanceRecord*> records) {
  std::ranges::sort(records, {}, [](const registry::InstanceRecord* record) { return record->registration.key.ref(); });
  return records;
}

}  // namespace

RollWriter::RollWriter(SQLite::Database& connection, const registry::ZoneDirectory& zones, const HistoryLimits& history,
                       registry::StorageMode mode)
    : connection_(connection),
      zones_(zones),
      begin_(connection, "BEGIN IMMEDIATE"),
      commit_(connection, "COMMIT"),
      rollback_(connection, "ROLLBACK"),
      remove_instance_(connection, "DELETE FROM instance WHERE zone = ? AND service = ? AND id = ?"),
      put_service_(connection, k_put_service),
      put_instance_(connection, k_put_instance),
      forget_service_(connection, k_forget_service),
      put_index_(connection, k_put_index),
      events_(connection, zones_, history, mode == registry::StorageMode::replica) {}

void RollWriter::write(const registry::Transaction& transaction, const std::function<void()>& also) {
  const bool is_begun = std::exchange(is_held_, false);
  if (!is_begun) roll_back();  // in case the ROLLBACK of an earlier transaction failed
  try {
    if (!is_begun) run(begin_);
    write_rows(transaction);
    if (also) also();
    run(commit_);
  } catch (...) {
    roll_back();
    throw;
  }
}

void RollWriter::hold(Wait wait) {
  roll_back();
  if (wait == Wait::no) sqlite3_busy_timeout(connection_.getHandle(), 0);
  const int code = begin_.tryExecuteStep();
  begin_.tryReset();
  sqlite3_busy_timeout(connection_.getHandle(), static_cast<int>(k_busy_wait.count()));
  if (code != SQLITE_DONE) throw SQLite::Exception(sqlite3_errmsg(connection_.getHandle()), code);
  is_held_ = true;
}

void RollWriter::release() {
  if (!std::exchange(is_held_, false)) return;
  try {
    run(commit_);
  } catch (...) {
    roll_back();
    throw;
  }
}

void RollWriter::drop() noexcept {
  if (std::exchange(is_held_, false)) roll_back();
}

void RollWriter::write_rows(const registry::Transaction& transaction) {
  for (const registry::InstanceRef& instance : transaction.removed) remove_instance(instance);
  for (const registry::ServiceRecord& record : transaction.services) put_service(record);
  for (const registry::InstanceRecord* record : in_key_order(transaction.instances)) put_instance(*record);
  for (const registry::ServiceRef& service : transaction.forgotten) forget_service(service);
  events_.write(transaction.events);
  const registry::EventId last_written = transaction.events.empty() ? 0 : transaction.events.back()->id;
  put_index(transaction.index, std::max(transaction.last_event, last_written));
}

void RollWriter::remove_instance(const registry::InstanceRef& instance) {
  service_ = instance.service.name;
  id_ = instance.id;
  remove_instance_.bindNoCopy(1, zones_.text_of(instance.service.zone));
  remove_instance_.bindNoCopy(2, service_);
  remove_instance_.bindNoCopy(3, id_);
  run(remove_instance_);
}

void RollWriter::put_service(const registry::ServiceRecord& record) {
  put_service_.bindNoCopy(1, zones_.text_of(record.key.zone));
  put_service_.bindNoCopy(2, record.key.name);
  put_service_.bindNoCopy(3, protocols_text(record.protocols));
  if (record.emptied_at) {
    put_service_.bind(4, to_column(*record.emptied_at));
  } else {
    put_service_.bind(4);
  }
  put_service_.bind(5, to_column(record.index));
  put_service_.bind(6, registry::parse_label(record.key.name, "service") ? 0 : 1);
  run(put_service_);
}

void RollWriter::put_instance(const registry::InstanceRecord& record) {
  const registry::Registration& registration = record.registration;
  write_addresses(registration.addresses, addresses_);
  write_tags(registration.tags, tags_);
  write_meta(registration.meta, meta_);
  write_results(record.standing.checks, results_text_);
  const bool turns_critical = registration.lease == registry::LeaseKind::turns_critical;

  SQLite::Statement& row = put_instance_;
  zone_.bind(zones_.text_of(registration.key.service.zone));
  row.bindNoCopy(2, registration.key.service.name);
  row.bindNoCopy(3, registration.key.id);
  row.bindNoCopy(4, addresses_);
  bind_unless(row, 5, registration.port == 0, registration.port);
  protocol_.bind(to_text(registration.protocol));
  row.bind(7, registration.priority);
  row.bind(8, registration.weight);
  row.bindNoCopy(9, tags_);
  row.bindNoCopy(10, meta_);
  bind_unless(row, 11, registration.lease == registry::LeaseKind::none, registration.ttl.count());
  status_.bind(to_text(record.standing.status()));
  row.bind(13, to_column(record.registered_at));
  row.bind(14, to_column(record.index));
  row.bind(15, to_column(record.standing.since));
  const health::CheckResult* plan = health::find_result(record.standing.checks, health::k_plan_check);
  if (plan != nullptr) {
    row.bindNoCopy(16, plan->output);
  } else {
    row.bind(16);
  }
  checks_.bind(health::write_plan(registration.health));
  const std::optional<registry::WallTime> critical_since = critical_since_of(record.standing);
  bind_unless(row, 18, !critical_since, to_column(critical_since.value_or(registry::WallTime())));
  results_.bind(results_text_);
  lease_.bind(to_text(turns_critical ? registration.lease : registry::LeaseKind::ends_instance));
  lease_check_.bind(registration.lease_check);
  host_.bind(registration.host);
  door_.bind(to_text(registration.door));
  attributes_.bind(registration.attributes.empty() ? "{}" : std::string_view(registration.attributes));
  run(row);
}

void RollWriter::forget_service(const registry::ServiceRef& service) {
  service_ = service.name;
  forget_service_.bindNoCopy(1, zones_.text_of(service.zone));
  forget_service_.bindNoCopy(2, service_);
  run(forget_service_);
}

void RollWriter::put_index(registry::ChangeIndex index, registry::EventId last_event) {
  put_index_.bind(1, to_column(index));
  put_index_.bind(2, to_column(last_event));
  put_index_.bind(3, to_column(limits::k_stored_number_max));
  put_index_.bind(4, to_column(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())));
  run(put_index_);
}

void RollWriter::roll_back() noexcept {
  SQLite::Statement* const statements[] = {&begin_,       &commit_,       &rollback_,       &remove_instance_,
                                           &put_service_, &put_instance_, &forget_service_, &put_index_};
  for (SQLite::Statement* statement : statements) statement->tryReset();
  events_.reset();
  // After some errors (SQLITE_FULL, SQLITE_IOERR …) SQLite has already rolled back by itself.
  if (sqlite3_get_autocommit(connection_.getHandle()) != 0) return;
  rollback_.tryExecuteStep();
  rollback_.tryReset();
}

}  // namespace rollcall::store
