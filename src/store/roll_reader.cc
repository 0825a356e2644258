#include "store/roll_reader.h"

#include <SQLiteCpp/Transaction.h>
#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/ascii_case.h"
#include "health/plan_json.h"
#include "registry/instance/registration.h"
#include "registry/instance/standing.h"
#include "store/row_text.h"
#include "store/wall_time.h"
#include "store/zone_names.h"

namespace rollcall::store {
namespace {

using registry::InstanceRecord;
using registry::Protocol;
using registry::Registration;
using registry::ServiceRecord;
using registry::Status;

// Both queries sort by primary key, so that services and instances can be merged in one pass.
constexpr const char* k_services =
    "SELECT zone, name, protocols, emptied_at_ms, change_index, free_name FROM service ORDER BY zone, name";

// The services that another program has edited and whose edits the server has not read yet (schema.cc, table `edit`).
constexpr const char* k_edited = "SELECT DISTINCT zone, service FROM edit ORDER BY zone, service";
constexpr const char* k_notes =
    "SELECT zone, service, id, min(number) FROM edit WHERE id <> '' AND number > 0 GROUP BY zone, service, id"
    " ORDER BY zone, service, id";

// Of rows whose place in the cluster's history is not known.
constexpr registry::ChangeIndex k_lowest_index = 1;

// Rows per part: enough to make the hand-over between threads cheap, and few enough to stay in the CPU cache.
constexpr std::size_t k_part_rows = 1'000;

constexpr const char* k_instances =
    "SELECT zone, service, id, addresses, port, protocol, priority, weight, tags, meta, ttl_ms, status,"
    " registered_at_ms, change_index, status_since_ms, check_output, checks, critical_since_ms, results, lease,"
    " lease_check, host, door, attributes FROM instance";

registry::WallTime time_at(const Cursor& row, int column) { return wall_time_of(row.integer(column)); }

// A change index or event number; 0 if the server cannot have assigned it.
std::uint64_t number_up_to(std::uint64_t bound, const Cursor& row, int column) {
  const std::int64_t value = row.integer(column);
  return value > 0 && static_cast<std::uint64_t>(value) <= bound ? static_cast<std::uint64_t>(value) : 0;
}

Result<std::uint16_t> number_at(const Cursor& row, int column, std::string_view name) {
  const std::int64_t value = row.integer(column);
  if (std::in_range<std::uint16_t>(value)) return static_cast<std::uint16_t>(value);
  return failure(Errc::invalid, fmt::format("{} must be an integer from 0 to 65535", name), std::string(name));
}

// Refuses a service name that is not in lower case: lookups use the folded name and would not find the row. `is_free`: of
// another door than the native one, any name.
Result<std::string> service_name_at(const Cursor& row, int column, bool is_free) {
  const std::string_view text = row.text(column);
  Result<std::string> name =
      is_free ? registry::parse_free_id(text, "service") : registry::parse_label(text, "service");
  if (name && to_lower(*name) != text) return failure(Errc::invalid, "service must be in lower case", "service");
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

// `highest`: the highest change index that the server has assigned.
Result<ServiceRecord> read_service(const Cursor& row, registry::ZoneId zone, registry::ChangeIndex highest) {
  Result<std::string> name = service_name_at(row, 1, row.integer(5) != 0);
  if (!name) return std::unexpected(std::move(name.error()));
  ServiceRecord record{
      {zone, std::move(*name)}, number_up_to(highest, row, 4), parse_protocols(row.text(2)), std::nullopt};
  if (!row.is_null(3)) record.emptied_at = time_at(row, 3);
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

Result<registry::Door> parse_door(std::string_view text) {
  if (const auto door = registry::parse_door(text)) return *door;
  return failure(Errc::invalid, "door must be native, consul or eureka", "door");
}

Result<registry::LeaseKind> lease_at(const Cursor& row) {
  if (row.is_null(10)) return registry::LeaseKind::none;
  if (const auto kind = registry::parse_lease_kind(row.text(19))) return *kind;
  return failure(Errc::invalid, "lease must be ends or critical", "lease");
}

Result<std::string> host_at(const Cursor& row, registry::Door door) {
  if (row.text(21).empty()) return std::string();
  if (door == registry::Door::native) return failure(Errc::invalid, "host is for instances of other doors", "host");
  return registry::parse_free_id(row.text(21), "host");
}

// Reads the columns for instances of the Consul and Eureka APIs, and `door`, which decides how other columns are read.
bool read_door(const Cursor& row, Registration& draft, Error& error) {
  if (!take(parse_door(row.text(22)), draft.door, error) || !take(lease_at(row), draft.lease, error)) return false;
  if (draft.lease == registry::LeaseKind::turns_critical) draft.lease_check = row.text(20);
  if (draft.lease_check.size() > limits::k_door_id_bytes_max) draft.lease_check.clear();
  return take(host_at(row, draft.door), draft.host, error) &&
         take(parse_attributes(row.text(23)), draft.attributes, error);
}

Result<Registration> read_registration(const Cursor& row, registry::ZoneId zone, std::size_t apex_bytes) {
  Registration draft;
  Error error{};
  draft.key.service.zone = zone;
  draft.ttl = std::chrono::milliseconds(row.integer(10));  // 0 where it is NULL
  if (!read_door(row, draft, error)) return std::unexpected(std::move(error));
  const bool is_native = draft.door == registry::Door::native;
  const bool is_whole =
      take(service_name_at(row, 1, !is_native), draft.key.service.name, error) &&
      take(is_native ? registry::parse_instance_id(row.text(2)) : registry::parse_free_id(row.text(2)), draft.key.id,
           error) &&
      take(parse_addresses(row.text(3)), draft.addresses, error) &&
      take(number_at(row, 4, "port"), draft.port, error) && take(parse_protocol(row.text(5)), draft.protocol, error) &&
      take(number_at(row, 6, "priority"), draft.priority, error) &&
      take(number_at(row, 7, "weight"), draft.weight, error) &&
      take(is_native ? parse_tags(row.text(8)) : parse_free_tags(row.text(8)), draft.tags, error) &&
      take(parse_meta(row.text(9)), draft.meta, error) && take(health::parse_plan(row.text(16)), draft.health, error);
  if (!is_whole) return std::unexpected(std::move(error));
  // Use the widest bounds: the settings may be stricter now, but a lease that was granted stays valid.
  const registry::LeaseBounds wide{limits::k_lease_default, limits::k_lease_min, limits::k_lease_max};
  const registry::LeaseBounds free{limits::k_lease_default, std::chrono::milliseconds(1), limits::k_door_lease_max};
  return registry::normalise(std::move(draft), is_native ? wide : free, apex_bytes, rules_of_row(draft.door));
}

// An operator who sets `status` by hand does not change the check results, so `status` takes precedence over them.
Result<registry::Standing> read_standing(const Cursor& row, Status status) {
  Result<health::CheckResults> results = parse_results(row.text(18));
  if (!results) return std::unexpected(std::move(results.error()));
  registry::Standing standing(status == Status::draining ? Status::draining : Status::ready, time_at(row, 14));
  standing.checks = std::move(*results);
  if (status == Status::ready) {
    for (health::CheckResult& result : standing.checks) {
      if (result.status == health::CheckStatus::critical) result.status = health::CheckStatus::passing;
    }
    return standing;
  }
  if (!row.is_null(15) || (status == Status::critical && !standing.is_critical())) {
    standing.set_plan_result(true, std::string(row.text(15).substr(0, limits::k_check_output_bytes_max)),
                             row.is_null(17) ? standing.since : time_at(row, 17));
  }
  return standing;
}

Result<InstanceRecord> read_instance(const Cursor& row, registry::ZoneId zone, std::size_t apex_bytes,
                                     registry::ChangeIndex highest) {
  const Result<Status> status = parse_status(row.text(11));
  if (!status) return std::unexpected(status.error());
  Result<registry::Standing> standing = read_standing(row, *status);
  if (!standing) return std::unexpected(std::move(standing.error()));
  Result<Registration> registration = read_registration(row, zone, apex_bytes);
  if (!registration) return std::unexpected(std::move(registration.error()));
  *standing = registry::standing_of_row(std::move(*standing), *registration);
  return InstanceRecord{std::move(*registration), std::move(*standing), number_up_to(highest, row, 13),
                        time_at(row, 12)};
}

// Reads both tables in parallel (a merge join by service) and passes the rows on in parts.
class Reading {
 public:
  Reading(SQLite::Database& connection, const registry::ZoneDirectory& directory, SkippedRows& skipped,
          const TakePart& take, registry::StorageMode mode)
      : is_replica_(mode == registry::StorageMode::replica),
        directory_(directory),
        zones_(directory),
        skipped_(skipped),
        take_(take),
        services_(connection, k_services),
        instances_(connection, std::string(k_instances) + " ORDER BY zone, service, id"),
        edited_(connection, k_edited),
        notes_(connection, k_notes) {
    read_numbers(connection);
    if (!is_replica_) return;
    Cursor place(connection, "SELECT 1 FROM replica");
    has_place_ = place.step();
  }

  void run() {
    bool has_service = services_.step();
    bool has_instance = instances_.step();
    has_note_ = notes_.step();
    while (has_service || has_instance) {
      // Names compare bytewise, as in SQLite. An instance may have no row in `service`; then its part has no service
      // row.
      const std::string zone(has_service && comes_first(has_instance) ? services_.text(0) : instances_.text(0));
      const std::string name(has_service && comes_first(has_instance) ? services_.text(1) : instances_.text(1));
      choose_zone(zone);
      if (has_service && services_.text(0) == zone && services_.text(1) == name) {
        add_service();
        has_service = services_.step();
      }
      const std::size_t bad_before = skipped_.count;
      while (has_instance && instances_.text(0) == zone && instances_.text(1) == name) {
        add_instance();
        has_instance = instances_.step();
      }
      drop_empty_service(bad_before);
      if (part_.instances.size() + part_.services.size() >= k_part_rows) give();
    }
    give();
  }

 private:
  // Reads the last change index and event number from `roll`. A value that is out of range was set by hand and is
  // ignored: the highest event number then comes from the rows of `event`, and the indices of the rows are only checked
  // for range.
  void read_numbers(SQLite::Database& connection) {
    constexpr std::uint64_t k_max = limits::k_stored_number_max;
    Cursor roll(connection, "SELECT change_index, event_id, stored_at_ms FROM roll WHERE one = 1");
    const bool is_there = roll.step();
    const bool is_index = is_there && roll.integer(0) >= 0 && static_cast<std::uint64_t>(roll.integer(0)) <= k_max;
    const bool is_event = is_there && roll.integer(1) >= 0 && static_cast<std::uint64_t>(roll.integer(1)) <= k_max;
    if (is_there) stored_at_ = time_at(roll, 2);
    if (is_index) part_.index = number_up_to(k_max, roll, 0);
    highest_ = is_index ? part_.index : k_max;
    if (is_event) {
      part_.last_event = number_up_to(k_max, roll, 1);
      return;
    }
    Cursor events(connection, fmt::format("SELECT ifnull(max(id), 0) FROM event WHERE id <= {}", k_max));
    events.step();
    part_.last_event = number_up_to(k_max, events, 0);
  }
  // Whether another program edited the service or its instances while the server was stopped. Call it in table order.
  [[nodiscard]] bool is_edited(std::string_view name) {
    const auto lies_before = [&] {
      const int zones = edited_.text(0).compare(zone_text_);
      return zones < 0 || (zones == 0 && edited_.text(1) < name);
    };
    if (!has_edited_.has_value()) has_edited_ = edited_.step();
    while (*has_edited_ && lies_before()) has_edited_ = edited_.step();
    return *has_edited_ && edited_.text(0) == zone_text_ && edited_.text(1) == name;
  }
  [[nodiscard]] bool comes_first(bool has_instance) const {
    if (!has_instance) return true;
    const int zones = services_.text(0).compare(instances_.text(0));
    return zones < 0 || (zones == 0 && services_.text(1) <= instances_.text(1));
  }
  void choose_zone(const std::string& text) {
    if (text == zone_text_) return;
    zone_text_ = text;
    zone_ = zones_.find(text);
    apex_bytes_ = zone_ ? directory_.apex_bytes_of(*zone_) : 0;
  }
  void add_service() {
    if (!zone_) return;
    Result<ServiceRecord> record = read_service(services_, *zone_, highest_);
    if (record) {
      if (is_replica_) {
        if (record->index == 0) return;  // only rows that an operator has inserted
        if (!has_place_) record->index = k_lowest_index;
      } else if (is_edited(record->key.name)) {
        record->index = 0;
      }
      part_.services.push_back(std::move(*record));
    } else {
      skipped_.add(fmt::format("service {} in zone {}", services_.text(1), zone_text_), record.error().message);
    }
  }
  void add_instance() {
    if (!zone_) return;
    Result<InstanceRecord> record = read_instance(instances_, *zone_, apex_bytes_, highest_);
    if (record) {
      record->edit = find_note();
      record->stored_at = stored_at_;
      if (is_replica_ && !doubt(*record)) return;
      part_.instances.push_back(std::move(*record));
    } else {
      skipped_.keys.push_back({zone_text_, std::string(instances_.text(1)), std::string(instances_.text(2))});
      skipped_.add(name_of_row(skipped_.keys.back()), record.error().message);
    }
  }
  // Replicas only. False: the row is not of the cluster's roll.
  [[nodiscard]] bool doubt(InstanceRecord& record) const {
    const bool is_edited = std::exchange(record.edit, 0) != 0;
    if (record.index == 0) return false;
    if (is_edited || !has_place_) record.index = k_lowest_index;
    return true;
  }
  // The number of the first note about the current instance; zero: there is none. Both queries are sorted by key.
  [[nodiscard]] std::int64_t find_note() {
    const std::tuple present(instances_.text(0), instances_.text(1), instances_.text(2));
    while (has_note_ && std::tuple(notes_.text(0), notes_.text(1), notes_.text(2)) < present) has_note_ = notes_.step();
    if (!has_note_ || std::tuple(notes_.text(0), notes_.text(1), notes_.text(2)) != present) return 0;
    return notes_.integer(3);
  }
  // Drops a service that has never had a valid instance: its row was created for an instance that is invalid.
  void drop_empty_service(std::size_t bad_before) {
    if (part_.services.empty() || skipped_.count == bad_before) return;
    const ServiceRecord& record = part_.services.back();
    const bool has_any = !part_.instances.empty() && part_.instances.back().registration.key.service == record.key;
    if (!has_any && record.index == 0 && !record.emptied_at) part_.services.pop_back();
  }
  void give() {
    registry::Restored whole{.index = part_.index, .last_event = part_.last_event, .services = {}, .instances = {}};
    std::swap(whole, part_);
    take_(std::move(whole));
  }

  const bool is_replica_;
  bool has_place_ = false;
  const registry::ZoneDirectory& directory_;
  ZoneNames zones_;
  SkippedRows& skipped_;
  const TakePart& take_;
  Cursor services_;
  Cursor instances_;
  Cursor edited_;
  std::optional<bool> has_edited_;  // whether edited_ is at a row; empty: not stepped yet
  registry::ChangeIndex highest_ = 0;
  registry::WallTime stored_at_{};
  Cursor notes_;
  bool has_note_ = false;
  registry::Restored part_;
  std::string zone_text_;
  std::optional<registry::ZoneId> zone_;  // of zone_text_; empty: not served
  std::size_t apex_bytes_ = 0;
};

}  // namespace

std::string name_of_row(const RowKey& row) {
  return fmt::format("instance {}/{} in zone {}", row.service, row.id, row.zone);
}

InstanceRow::InstanceRow(SQLite::Database& connection, const registry::ZoneDirectory& zones)
    : zones_(zones), select_(connection, std::string(k_instances) + " WHERE zone = ? AND service = ? AND id = ?") {}

std::optional<Result<InstanceRecord>> InstanceRow::read(registry::ZoneId zone, const std::string& zone_text,
                                                        const registry::InstanceKey& key) {
  select_.reset();
  select_.bind(1, zone_text);
  select_.bind(2, key.service.name);
  select_.bind(3, key.id);
  if (!select_.step()) return std::nullopt;
  std::optional<Result<InstanceRecord>> record =
      read_instance(select_, zone, zones_.apex_bytes_of(zone), limits::k_stored_number_max);
  select_.reset();
  return record;
}

void read_roll(SQLite::Database& connection, const registry::ZoneDirectory& directory, SkippedRows& skipped,
               const TakePart& take, registry::StorageMode mode) {
  SQLite::Transaction transaction(connection);  // one snapshot of both tables
  Reading(connection, directory, skipped, take, mode).run();
  transaction.commit();
}

}  // namespace rollcall::store
