#include "store/zone_serials.h"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <cstdint>
#include <optional>
#include <utility>

namespace rollcall::store {
namespace {

void put(SQLite::Database& connection, const std::string& zone, dns::Serial serial) {
  SQLite::Statement row(connection, "REPLACE INTO zone_serial (zone, serial) VALUES (?, ?)");
  row.bind(1, zone);
  row.bind(2, static_cast<std::int64_t>(serial));
  row.exec();
}

}  // namespace

SerialsByName read_serials(SQLite::Database& connection) {
  SerialsByName serials;
  SQLite::Statement row(connection, "SELECT zone, serial FROM zone_serial");
  while (row.executeStep()) {
    const std::int64_t serial = row.getColumn(1).getInt64();
    if (std::in_range<dns::Serial>(serial)) {
      serials.emplace(row.getColumn(0).getString(), static_cast<dns::Serial>(serial));
    }
  }
  return serials;
}

std::vector<registry::KeptSerial> read_serials(SQLite::Database& connection, ZoneNames& zones) {
  std::vector<registry::KeptSerial> serials;
  for (const auto& [name, serial] : read_serials(connection)) {
    if (const std::optional<registry::ZoneId> zone = zones.find(name)) serials.push_back({*zone, serial});
  }
  return serials;
}

void write_serials(SQLite::Database& connection, ZoneNames& zones, std::span<const registry::KeptSerial> serials) {
  SQLite::Transaction transaction(connection, SQLite::TransactionBehavior::IMMEDIATE);
  for (const registry::KeptSerial& each : serials) put(connection, zones.text_of(each.zone), each.serial);
  transaction.commit();
}

void raise_serials(SQLite::Database& connection, const SerialsByName& serials) {
  const SerialsByName present = read_serials(connection);
  for (const auto& [zone, serial] : serials) {
    const auto known = present.find(zone);
    if (known == present.end() || dns::is_newer(serial, known->second)) put(connection, zone, serial);
  }
}

}  // namespace rollcall::store
