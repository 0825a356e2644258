// The database file: opened, ours, in its present form, and closed to any other rollcalld.
//
// Shape    one SQLite connection in WAL mode with `synchronous = FULL`: what is committed survives a power cut, and
//          others read while we write. Triggers, foreign keys and CHECKs are for the others and off in this connection.
// Owner    whoever opens it; the lock outlives the connection. Statements end before it does.
// Threads  one at a time.
// Failure  opening: Errc::start_up, one plain sentence. Later: SQLite's exceptions, which stop at InstanceStore.
// Limits   the WAL is folded into the database at k_checkpoint_pages. Readers can put that off; from k_wal_pages_max on
//          we wait for them, at most k_busy_wait for each k_checkpoint_pages written, which outlasts any reader but one
//          that keeps a transaction open. Such a reader makes the WAL grow until it ends.
#pragma once

#include <SQLiteCpp/Database.h>
#include <chrono>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "store/database_lock.h"

namespace rollcall::store {

// How long a statement waits for another program's lock. The writer thread waits with it, and everybody whose change is
// in the batch: long enough for somebody's quick `UPDATE` in sqlite3, short enough for a client to try again.
inline constexpr std::chrono::milliseconds k_busy_wait{250};

// Pages of 4 KiB. SQLite's own default: few enough to be read fast after a crash, many enough to be worth an fsync.
inline constexpr int k_checkpoint_pages = 1'000;
inline constexpr int k_wal_pages_max = 16'000;

class Database {
 public:
  // Creates the tables in a new or empty file, and brings older ones up to date. Refuses what is not a SQLite database,
  // another program's database, a newer schema, and a database in use by another rollcalld.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path);

  // Leaves an empty WAL behind where readers allow it.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] SQLite::Database& connection() noexcept { return connection_; }

  // To be called after a commit. A failure costs nothing but a longer WAL, and is tried again later.
  void checkpoint_when_due() noexcept;

 private:
  Database(DatabaseLock lock, const std::filesystem::path& path);

  void set_up();
  static int note_wal_pages(void* self, sqlite3* connection, const char* schema, int pages);

  DatabaseLock lock_;
  SQLite::Database connection_;
  int wal_pages_ = 0;  // after the last commit
  int checkpoint_at_ = k_checkpoint_pages;
};

}  // namespace rollcall::store
