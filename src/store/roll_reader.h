// Reads the roll from the tables: the whole at start, and single rows that somebody has changed since. Every row is held
// to the rules of a registration: people edit tables.
//
// Threads  one at a time.
// Failure  SQLite's exceptions. At start, a row that breaks a rule is skipped and stays where it is.
#pragma once

#include <SQLiteCpp/Database.h>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "registry/ports/ports.h"
#include "store/cursor.h"
#include "store/skipped_rows.h"

namespace rollcall::store {

// Gets the roll in parts, each service with all its instances in one of them; at least one part, which may be empty.
using TakePart = std::function<void(registry::Restored)>;

void read_roll(SQLite::Database& connection, const registry::ZoneDirectory& zones, SkippedRows& skipped,
               const TakePart& take);

// One row of `instance`, as it is now. Ends before the connection does.
class InstanceRow {
 public:
  InstanceRow(SQLite::Database& connection, const registry::ZoneDirectory& zones);

  // Empty: there is no such row. Errc::invalid: it breaks a rule. `zone_text` is the zone's name in the table.
  [[nodiscard]] std::optional<Result<registry::InstanceRecord>> read(registry::ZoneId zone,
                                                                     const std::string& zone_text,
                                                                     const registry::InstanceKey& key);
  void reset() noexcept { select_.reset(); }

 private:
  const registry::ZoneDirectory& zones_;
  Cursor select_;
};

}  // namespace rollcall::store
