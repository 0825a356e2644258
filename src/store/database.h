// The open database file: checked to be a Rollcall database, migrated to the current schema, and locked against a
// second rollcalld.
//
// Shape    one SQLite connection in WAL mode with `synchronous = FULL`: a commit survives a power failure, and other
//          programs can read while the server writes. A replica has NORMAL: the file stays whole, the last commits may go. Triggers, foreign keys and CHECK constraints are off on this
//          connection; they apply to other programs only.
// Owner    the object that opens it. Destroy all statements before the Database; it closes the connection before the
//          lock.
// Threads  one at a time.
// Failure  opening: Errc::start_up, one sentence. Later: SQLite's exceptions, which InstanceStore catches.
// Limits   a checkpoint runs when the WAL has k_checkpoint_pages. A reader with an open transaction can delay it. From
//          k_wal_pages_max on, each checkpoint waits for readers, up to k_busy_wait, once per k_checkpoint_pages
//          written. If a reader keeps its transaction open for longer, the WAL grows until that reader ends it.
#pragma once

#include <SQLiteCpp/Database.h>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/result.h"
#include "registry/ports/storage.h"
#include "store/database_lock.h"

namespace rollcall::store {

// SQLite's busy timeout: how long a statement waits for another program's lock. It blocks the writer thread and every
// client with a change in the batch. Long enough for a quick `UPDATE` in sqlite3, short enough that a client can retry.
inline constexpr std::chrono::milliseconds k_busy_wait{250};

// Pages of 4 KiB; SQLite's default for wal_autocheckpoint. A smaller WAL recovers faster after a crash, a larger one
// needs fewer fsync calls.
inline constexpr int k_checkpoint_pages = 1'000;
inline constexpr int k_wal_pages_max = 16'000;

class Database {
 public:
  // Creates the tables in a new or empty file, and migrates an older schema. Refuses a file that is not a SQLite
  // database, another program's database, a newer schema, and a database that another rollcalld uses.
  // `lock`: one that is shared by the process before (DatabaseLock::adopt); none: it is taken.
  // A replica needs no fsync with each commit (`synchronous = NORMAL`): what a power failure undoes is in etcd.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path,
                                                              registry::StorageMode mode = registry::StorageMode::own,
                                                              std::optional<DatabaseLock> lock = std::nullopt);

  // Checkpoints and truncates the WAL, if no reader blocks that.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] SQLite::Database& connection() noexcept { return connection_; }

  [[nodiscard]] int lock_descriptor() const noexcept { return lock_.descriptor(); }

  // Runs a checkpoint if the WAL is long enough; call it after each commit. A failed checkpoint only leaves the WAL
  // longer; a later call tries again.
  void checkpoint_when_due() noexcept;

 private:
  Database(DatabaseLock lock, const std::filesystem::path& path);

  void set_up(registry::StorageMode mode);
  static int note_wal_pages(void* self, sqlite3* connection, const char* schema, int pages);

  DatabaseLock lock_;
  SQLite::Database connection_;
  int wal_pages_ = 0;  // after the last commit
  int checkpoint_at_ = k_checkpoint_pages;
};

}  // namespace rollcall::store
