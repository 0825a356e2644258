// Reads the whole roll from the tables, at start. Every row is held to the rules of a registration: people edit tables.
//
// Threads  one, before the first transaction is written.
// Failure  SQLite's exceptions. A row that breaks a rule is skipped and stays where it is.
#pragma once

#include <SQLiteCpp/Database.h>

#include "registry/ports.h"
#include "store/skipped_rows.h"

namespace rollcall::store {

[[nodiscard]] registry::Restored read_roll(SQLite::Database& connection, const registry::ZoneDirectory& zones,
                                           SkippedRows& skipped);

}  // namespace rollcall::store
