#include "store/database.h"

#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <utility>

#include "store/schema.h"
#include "store/sqlite_error.h"

namespace rollcall::store {
namespace {

// SQLite's page cache, in KiB. It holds about 200,000 instances, so that a commit needs no reads from disk.
constexpr int k_cache_kib = 32 * 1024;

std::string absolute_name(const std::filesystem::path& path) {
  // SQLite never interprets an absolute path as a URI or as ":memory:".
  return std::filesystem::absolute(path).string();
}

int pragma(SQLite::Database& connection, const char* name) {
  return connection.execAndGet(fmt::format("PRAGMA {}", name)).getInt();
}

// The reason to refuse the file; empty for a Rollcall database and for an empty file.
std::optional<std::string> find_objection(SQLite::Database& connection) {
  const std::int32_t owner = pragma(connection, "application_id");
  const int version = pragma(connection, "user_version");
  if (owner == k_application_id) {
    if (version >= 0 && version <= schema_version()) return std::nullopt;
    return fmt::format("has schema version {}, and this rollcalld knows versions up to {}: use a newer rollcalld",
                       version, schema_version());
  }
  const bool is_empty = connection.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
  if (owner == 0 && version == 0 && is_empty) return std::nullopt;
  return "belongs to another program";
}

// What to do, where SQLite's own words do not say it.
std::string why_unusable(const SQLite::Exception& exception) {
  switch (primary_code(exception)) {
    case SQLITE_NOTADB: return "is not a SQLite database: name another file with --db or store.path";
    case SQLITE_BUSY: return "is locked by another program";
    case SQLITE_CORRUPT: return "is damaged: put a back-up in its place with rollcalld --restore FILE";
    case SQLITE_NOMEM: return "needs more memory than the system gives (MemoryMax, ulimit -v)";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return fmt::format(
          "cannot be written: the user that runs rollcalld must be able to write it and its directory, "
          "where its write-ahead log lies ({})",
          exception.what());
    case SQLITE_FULL:
    case SQLITE_IOERR: return fmt::format("cannot be written: its disk is full, or fails ({})", exception.what());
    default: return fmt::format("cannot be used: {}", exception.what());
  }
}

void migrate(SQLite::Database& connection) {
  const auto steps = schema_steps();
  for (int version = pragma(connection, "user_version"); version < schema_version(); ++version) {
    connection.exec("BEGIN IMMEDIATE");
    connection.exec(steps[static_cast<std::size_t>(version)]);
    connection.exec(fmt::format("PRAGMA user_version = {}", version + 1));
    connection.exec("COMMIT");
  }
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path, registry::StorageMode mode,
                                                 std::optional<DatabaseLock> shared) {
  const auto refuse = [&](std::string_view reason) {
    return failure(Errc::start_up, fmt::format("the database {} {}", path.string(), reason));
  };
  // Disable SQLite's memory statistics: they are unused and take a lock at every allocation. Has no effect once SQLite
  // is initialized.
  static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));
  Result<DatabaseLock> lock = shared ? Result<DatabaseLock>(std::move(*shared)) : DatabaseLock::take(path);
  if (!lock) return std::unexpected(lock.error());
  try {
    std::unique_ptr<Database> database(new Database(std::move(*lock), path));
    if (const auto objection = find_objection(database->connection_)) return refuse(*objection);
    database->set_up(mode);
    migrate(database->connection_);
    return database;
  } catch (const SQLite::Exception& exception) {
    return refuse(why_unusable(exception));
  } catch (const std::exception& exception) {
    return refuse(fmt::format("cannot be used: {}", exception.what()));
  }
}

Database::Database(DatabaseLock lock, const std::filesystem::path& path)
    : lock_(std::move(lock)),
      // OPEN_NOMUTEX: one thread at a time uses the connection, so SQLite need not lock it at every call.
      connection_(absolute_name(path), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                  static_cast<int>(k_busy_wait.count())) {}

void Database::set_up(registry::StorageMode mode) {
  if (connection_.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal") {
    throw SQLite::Exception("its file system cannot hold a write-ahead log");
  }
  connection_.exec(mode == registry::StorageMode::own ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  // The triggers record edits by other programs (schema.cc), so they are off here. Foreign keys are off too: one
  // violation by an operator's edit would make the commit fail for all changes in the batch.
  sqlite3_db_config(connection_.getHandle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  connection_.exec("PRAGMA foreign_keys = OFF");
  // CHECK constraints are off as well: most of them parse JSON, and the server has already validated what it writes.
  connection_.exec("PRAGMA ignore_check_constraints = ON");
  connection_.exec(fmt::format("PRAGMA cache_size = -{}", k_cache_kib));
  // Truncate an oversized WAL file when it restarts after a checkpoint.
  connection_.exec(fmt::format("PRAGMA journal_size_limit = {}", 4 * k_checkpoint_pages * 4096));
  sqlite3_wal_hook(connection_.getHandle(), &Database::note_wal_pages, this);  // replaces SQLite's autocheckpoint
}

Database::~Database() {
  sqlite3_wal_checkpoint_v2(connection_.getHandle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

int Database::note_wal_pages(void* self, sqlite3* /*connection*/, const char* /*schema*/, int pages) {
  static_cast<Database*>(self)->wal_pages_ = pages;
  return SQLITE_OK;  // another code would report the completed COMMIT as failed
}

void Database::checkpoint_when_due() noexcept {
  if (wal_pages_ < k_checkpoint_pages) checkpoint_at_ = k_checkpoint_pages;  // the WAL has restarted
  if (wal_pages_ < checkpoint_at_) return;
  const int mode = wal_pages_ < k_wal_pages_max ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  sqlite3_wal_checkpoint_v2(connection_.getHandle(), nullptr, mode, nullptr, nullptr);
  checkpoint_at_ = wal_pages_ + k_checkpoint_pages;
}

}  // namespace rollcall::store
