// The SQLite implementation of registry::Storage and kv::Journal: opens the database and gives access to each of its ports.
//
// Owner    the caller; the zones must outlive it.
// Failure  opening: Errc::start_up.
// Source   registry/ports/storage.h; docs/database.md.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "kv/journal.h"
#include "registry/ports/ports.h"
#include "registry/ports/storage.h"
#include "store/history_limits.h"

namespace rollcall::store {

using registry::StorageMode;

class Storage : public registry::Storage {
 public:
  // Keys and sessions of a single node, in the same file; the writer's thread, as the roll.
  [[nodiscard]] virtual kv::Journal& keys() = 0;
};

[[nodiscard]] Result<std::unique_ptr<Storage>> open_storage(const std::filesystem::path& path,
                                                            const registry::ZoneDirectory& zones,
                                                            const HistoryLimits& history,
                                                            StorageMode mode = StorageMode::own);

}  // namespace rollcall::store
