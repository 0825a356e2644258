// The SQLite implementation of registry::Storage: opens the database and gives access to each of its ports.
//
// Owner    the caller; the zones must outlive it.
// Failure  opening: Errc::start_up.
// Source   registry/ports/storage.h; docs/database.md.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "registry/ports/ports.h"
#include "registry/ports/storage.h"
#include "store/history_limits.h"

namespace rollcall::store {

using registry::StorageMode;

[[nodiscard]] Result<std::unique_ptr<registry::Storage>> open_storage(const std::filesystem::path& path,
                                                                      const registry::ZoneDirectory& zones,
                                                                      const HistoryLimits& history,
                                                                      StorageMode mode = StorageMode::own);

}  // namespace rollcall::store
