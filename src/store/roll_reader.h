// Reads services and instances from the tables: all of them at start, and later single rows that another program has
// edited. Validates every row like a registration, because operators edit the tables by hand.
//
// Owner    borrows the connection and the zones.
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
#include "registry/ports/storage.h"
#include "store/cursor.h"
#include "store/skipped_rows.h"

namespace rollcall::store {

// Receives the services and instances in parts. A service and all its instances are in the same part. There is at least
// one part, which may be empty.
using TakePart = std::function<void(registry::Restored)>;

// A replica's rows are copies, and the cluster says which are true. So a row that an operator has edited has the lowest
// index, and anything that the cluster has is newer; one that he has inserted is left out, because it is a proposal. Without
// a place, when the roll was a single node's, all rows have the lowest index; the highest given out is told
// as it is, for a cluster that is made of them.
void read_roll(SQLite::Database& connection, const registry::ZoneDirectory& zones, SkippedRows& skipped,
               const TakePart& take, registry::StorageMode mode);

// Reads one current row of `instance`. Destroy it before the connection.
class InstanceRow {
 public:
  InstanceRow(SQLite::Database& connection, const registry::ZoneDirectory& zones);

  // Empty: the row does not exist. Errc::invalid: it breaks a rule. `zone_text` is the zone's name in the table.
  [[nodiscard]] std::optional<Result<registry::InstanceRecord>> read(registry::ZoneId zone,
                                                                     const std::string& zone_text,
                                                                     const registry::InstanceKey& key);
  void reset() noexcept { select_.reset(); }

 private:
  const registry::ZoneDirectory& zones_;
  Cursor select_;
};

}  // namespace rollcall::store
