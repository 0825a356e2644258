// The table `zone_serial`: an upper bound of the SOA serials that the server has used, per zone. After a restart the
// server continues above it, so that a secondary never sees a serial go backwards, even if the zone file has a lower
// one.
//
// Threads  one at a time.
// Failure  SQLite's exceptions. Rows with an invalid serial or an unknown zone are skipped and stay in the table.
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

// Writes all serials in one transaction.
void write_serials(SQLite::Database& connection, ZoneNames& zones, std::span<const registry::KeptSerial> serials);

// Serials by zone name, for back-up and restore, where no server runs and no ZoneId exists.
using SerialsByName = std::map<std::string, dns::Serial>;
[[nodiscard]] SerialsByName read_serials(SQLite::Database& connection);
// Sets each serial to the newer of the stored and the given one (RFC 1982).
void raise_serials(SQLite::Database& connection, const SerialsByName& serials);

}  // namespace rollcall::store
