#include "store/roll_reader.h"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <utility>

#include "registry/health_json.h"
#include "registry/registration.h"
#include "store/row_text.h"
#include "store/zone_names.h"

namespace rollcall::store {
namespace {

using registry::InstanceRecord;
using registry::Protocol;
using registry::Registration;
using registry::ServiceRecord;
using registry::Status;

constexpr const char* k_services = "SELECT zone, name, protocols, emptied_at_ms, change_index FROM service";

constexpr const char* k_instances =
    "SELECT zone, service, id, addresses, port, protocol, priority, weight, tags, meta, ttl_ms, status,"
    " registered_at_ms, change_index, status_since_ms, check_output, checks FROM instance";

std::string_view text_at(const SQLite::Statement& row, int column) {
  const SQLite::Column value = row.getColumn(column);
  const char* text = value.getText();
  return {text, static_cast<std::size_t>(value.getBytes())};
}

std::int64_t integer_at(const SQLite::Statement& row, int column) { return row.getColumn(column).getInt64(); }

registry::WallTime time_at(const SQLite::Statement& row, int column) {
  return registry::WallTime(std::chrono::milliseconds(integer_at(row, column)));
}

// Indices are never negative but by force.
registry::ChangeIndex index_at(const SQLite::Statement& row, int column) {
  return static_cast<registry::ChangeIndex>(std::max<std::int64_t>(0, integer_at(row, column)));
}

Result<std::uint16_t> number_at(const SQLite::Statement& row, int column, std::string_view name) {
  const std::int64_t value = integer_at(row, column);
  if (std::in_range<std::uint16_t>(value)) return static_cast<std::uint16_t>(value);
  return failure(Errc::invalid, fmt::format("{} must be an integer from 0 to 65535", name), std::string(name));
}

// A name that is not folded is another key than the one it would be found by.
Result<std::string> service_name_at(const SQLite::Statement& row, int column) {
  const std::string_view text = text_at(row, column);
  Result<std::string> name = registry::parse_label(text, "service");
  if (name && *name != text) return failure(Errc::invalid, "service must be in lower case", "service");
  return name;
}

Result<Protocol> parse_protocol(std::string_view text) {
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
    if (text == to_text(protocol)) return protocol;
  }
  return failure(Errc::invalid, "protocol must be tcp or udp", "protocol");
}

Result<Status> parse_status(std::string_view text) {
  for (const Status status : {Status::ready, Status::draining, Status::critical}) {
    if (text == to_text(status)) return status;
  }
  return failure(Errc::invalid, "status must be ready, draining or critical", "status");
}

registry::ProtocolSet parse_protocols(std::string_view text) {
  registry::ProtocolSet protocols = 0;
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
    if (text.contains(to_text(protocol))) protocols |= registry::to_set(protocol);
  }
  return protocols;
}

Result<ServiceRecord> read_service(const SQLite::Statement& row, registry::ZoneId zone) {
  Result<std::string> name = service_name_at(row, 1);
  if (!name) return std::unexpected(std::move(name.error()));
  ServiceRecord record{{zone, std::move(*name)}, index_at(row, 4), parse_protocols(text_at(row, 2)), std::nullopt};
  if (!row.isColumnNull(3)) record.emptied_at = time_at(row, 3);
  return record;
}

// Copies the value into `to`; the error, if there is one instead, into `error`.
template <class T>
bool take(Result<T> from, T& to, Error& error) {
  if (!from) {
    error = std::move(from.error());
    return false;
  }
  to = std::move(*from);
  return true;
}

Result<Registration> read_registration(const SQLite::Statement& row, registry::ZoneId zone, std::size_t apex_bytes) {
  Registration draft;
  Error error{};
  draft.key.service.zone = zone;
  draft.ttl = std::chrono::milliseconds(integer_at(row, 10));
  const bool is_whole = take(service_name_at(row, 1), draft.key.service.name, error) &&
                        take(registry::parse_instance_id(text_at(row, 2)), draft.key.id, error) &&
                        take(parse_addresses(text_at(row, 3)), draft.addresses, error) &&
                        take(number_at(row, 4, "port"), draft.port, error) &&
                        take(parse_protocol(text_at(row, 5)), draft.protocol, error) &&
                        take(number_at(row, 6, "priority"), draft.priority, error) &&
                        take(number_at(row, 7, "weight"), draft.weight, error) &&
                        take(parse_tags(text_at(row, 8)), draft.tags, error) &&
                        take(parse_meta(text_at(row, 9)), draft.meta, error) &&
                        take(registry::parse_health(text_at(row, 16)), draft.health, error);
  if (!is_whole) return std::unexpected(std::move(error));
  // Settings may have become narrower since: a lease once granted is good.
  const registry::LeaseBounds wide{limits::k_lease_default, limits::k_lease_min, limits::k_lease_max};
  return registry::normalise(std::move(draft), wide, apex_bytes);
}

Result<InstanceRecord> read_instance(const SQLite::Statement& row, registry::ZoneId zone, std::size_t apex_bytes) {
  const Result<Status> status = parse_status(text_at(row, 11));
  if (!status) return std::unexpected(status.error());
  registry::Standing standing(*status, time_at(row, 14));
  if (*status != Status::ready && !row.isColumnNull(15)) {  // who has set it to ready by hand has left the rest
    standing.is_critical = true;
    standing.output = text_at(row, 15).substr(0, limits::k_check_output_bytes_max);
  }
  Result<Registration> registration = read_registration(row, zone, apex_bytes);
  if (!registration) return std::unexpected(std::move(registration.error()));
  return InstanceRecord{std::move(*registration), std::move(standing), index_at(row, 13), time_at(row, 12)};
}

void read_counts(SQLite::Database& connection, registry::Restored& into) {
  SQLite::Statement row(connection,
                        "SELECT max(change_index), max(event_id, (SELECT ifnull(max(id), 0) FROM event)) FROM roll");
  row.executeStep();
  into.index = index_at(row, 0);
  into.last_event = index_at(row, 1);
}

}  // namespace

std::string name_of_row(std::string_view zone, std::string_view service, std::string_view id) {
  return fmt::format("instance {}/{} in zone {}", service, id, zone);
}

InstanceRow::InstanceRow(SQLite::Database& connection, const registry::ZoneDirectory& zones)
    : zones_(zones), select_(connection, std::string(k_instances) + " WHERE zone = ? AND service = ? AND id = ?") {}

std::optional<Result<InstanceRecord>> InstanceRow::read(registry::ZoneId zone, const std::string& zone_text,
                                                        const registry::InstanceKey& key) {
  select_.reset();
  select_.bindNoCopy(1, zone_text);
  select_.bindNoCopy(2, key.service.name);
  select_.bindNoCopy(3, key.id);
  if (!select_.executeStep()) return std::nullopt;
  std::optional<Result<InstanceRecord>> record = read_instance(select_, zone, zones_.apex_bytes_of(zone));
  select_.reset();
  return record;
}

registry::Restored read_roll(SQLite::Database& connection, const registry::ZoneDirectory& directory,
                             SkippedRows& skipped) {
  SQLite::Transaction transaction(connection);  // both tables as of one moment
  ZoneNames zones(directory);
  registry::Restored restored;
  read_counts(connection, restored);

  SQLite::Statement service(connection, k_services);
  while (service.executeStep()) {
    const auto zone = zones.find(text_at(service, 0));
    if (!zone) continue;
    Result<ServiceRecord> record = read_service(service, *zone);
    if (record) {
      restored.services.push_back(std::move(*record));
    } else {
      skipped.add(fmt::format("service {} in zone {}", text_at(service, 1), text_at(service, 0)),
                  record.error().message);
    }
  }

  SQLite::Statement instance(connection, k_instances);
  while (instance.executeStep()) {
    const auto zone = zones.find(text_at(instance, 0));
    if (!zone) continue;
    Result<InstanceRecord> record = read_instance(instance, *zone, directory.apex_bytes_of(*zone));
    if (record) {
      restored.instances.push_back(std::move(*record));
    } else {
      skipped.add(name_of_row(text_at(instance, 0), text_at(instance, 1), text_at(instance, 2)),
                  record.error().message);
    }
  }
  transaction.commit();
  return restored;
}

}  // namespace rollcall::store
