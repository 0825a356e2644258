// Reads the `event` table.
//
// Owner    owns one read-only connection; the zones must outlive it.
// Threads  one at a time.
// Failure  SQLite's exceptions.
#pragma once

#include <SQLiteCpp/Database.h>
#include <cstdint>
#include <filesystem>

#include "registry/events/history.h"
#include "registry/ports/storage.h"
#include "store/zone_names.h"

namespace rollcall::store {

class HistoryTable {
 public:
  HistoryTable(const std::filesystem::path& path, const registry::ZoneDirectory& zones, registry::StorageMode mode);

  [[nodiscard]] registry::HistoryPage read(const registry::HistoryQuery& query);
  // The number of events. Of a single node: last id - first id + 1, exact unless another program has deleted rows in
  // between. Of a replica all rows are counted.
  [[nodiscard]] std::uint64_t size();

 private:
  void read_events(const registry::HistoryQuery& query, registry::HistoryPage& into);
  void read_bounds(registry::EventId after, std::uint32_t limit, registry::HistoryPage& into);

  const registry::StorageMode mode_;
  SQLite::Database connection_;
  ZoneNames zones_;
};

}  // namespace rollcall::store
