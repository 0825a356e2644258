// The table `zone_serial`: how far the serials of the zones may have come. A start goes on behind that, so that no secondary
// takes a newer zone for an older one, whatever has become of the zone file's own serial.
//
// Failure  SQLite's exceptions. A row that holds no serial, or is of a zone that is not served, is left where it is.
// Source   RFC 1982.
#pragma once

#include <SQLiteCpp/Database.h>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "registry/ports/ports.h"
#include "store/zone_names.h"

namespace rollcall::store {

[[nodiscard]] std::vector<registry::KeptSerial> read_serials(SQLite::Database& connection, ZoneNames& zones);

// In one transaction.
void write_serials(SQLite::Database& connection, ZoneNames& zones, std::span<const registry::KeptSerial> serials);

// By the zones' names, for a database whose zones nobody serves now.
using SerialsByName = std::map<std::string, dns::Serial>;
[[nodiscard]] SerialsByName read_serials(SQLite::Database& connection);
// The newer of each two stays.
void raise_serials(SQLite::Database& connection, const SerialsByName& serials);

}  // namespace rollcall::store
