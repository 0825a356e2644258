// The SQLite implementation of registry::Storage and kv::Journal: opens the database and gives access to each of its ports.
//
// Owner    the caller; the zones must outlive it.
// Failure  opening: Errc::start_up.
// Source   registry/ports/storage.h; docs/database.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/result.h"
#include "kv/journal.h"
#include "registry/ports/ports.h"
#include "registry/ports/storage.h"
#include "store/database_lock.h"
#include "store/history_limits.h"

namespace rollcall::store {

using registry::StorageMode;

class Storage : public registry::Storage {
 public:
  // Keys and sessions of a single node, in the same file; the writer's thread, as the roll.
  [[nodiscard]] virtual kv::Journal& keys() = 0;

  // --- A hand-over to another process ---

  // The file that locks the database, to be shared with it.
  [[nodiscard]] virtual int lock_descriptor() const = 0;
  // Another number when another connection has written since. The writer's thread, or while that stands still.
  [[nodiscard]] virtual std::int64_t data_version() = 0;
};

// `shared_lock`: of a process that hands the database over. Then nothing is written before the first change.
[[nodiscard]] Result<std::unique_ptr<Storage>> open_storage(const std::filesystem::path& path,
                                                            const registry::ZoneDirectory& zones,
                                                            const HistoryLimits& history,
                                                            StorageMode mode = StorageMode::own,
                                                            std::optional<DatabaseLock> shared_lock = std::nullopt);

// The schema that this program reads and writes; a database with another one is migrated, or refused.
[[nodiscard]] int known_schema();

}  // namespace rollcall::store
