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

// The part of the database that stays in memory, in KiB: about 200,000 instances, so that a commit reads nothing.
constexpr int k_cache_kib = 32 * 1024;

std::string absolute_name(const std::filesystem::path& path) {
  // An absolute path is never taken for a URI or ":memory:".
  return std::filesystem::absolute(path).string();
}

int pragma(SQLite::Database& connection, const char* name) {
  return connection.execAndGet(fmt::format("PRAGMA {}", name)).getInt();
}

// Why the file is none of ours; empty when it is, or is empty itself.
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

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path) {
  const auto refuse = [&](std::string_view reason) {
    return failure(Errc::start_up, fmt::format("the database {} {}", path.string(), reason));
  };
  // SQLite's count of its memory, which nobody asks for, takes a lock at every allocation. Too late once it is in use.
  static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));
  auto lock = DatabaseLock::take(path);
  if (!lock) return std::unexpected(lock.error());
  try {
    std::unique_ptr<Database> database(new Database(std::move(*lock), path));
    if (const auto objection = find_objection(database->connection_)) return refuse(*objection);
    database->set_up();
    migrate(database->connection_);
    return database;
  } catch (const SQLite::Exception& exception) {
    switch (primary_code(exception)) {
      case SQLITE_NOTADB: return refuse("is not a SQLite database");
      case SQLITE_BUSY: return refuse("is locked by another program");
      default: return refuse(fmt::format("cannot be used: {}", exception.what()));
    }
  } catch (const std::exception& exception) {
    return refuse(fmt::format("cannot be used: {}", exception.what()));
  }
}

Database::Database(DatabaseLock lock, const std::filesystem::path& path)
    : lock_(std::move(lock)),
      // One thread at a time: SQLite need not lock the connection at every call.
      connection_(absolute_name(path), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                  static_cast<int>(k_busy_wait.count())) {}

void Database::set_up() {
  if (connection_.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal") {
    throw SQLite::Exception("its file system cannot hold a write-ahead log");
  }
  connection_.exec("PRAGMA synchronous = FULL");
  // Triggers are for everybody else (schema.cc), and so is the question whether an instance has a service: a foreign key
  // that somebody has just broken would take everybody's row of a commit down with one.
  sqlite3_db_config(connection_.getHandle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  connection_.exec("PRAGMA foreign_keys = OFF");
  // The same with the rules of the columns, most of which read JSON: what is written here has kept them all before.
  connection_.exec("PRAGMA ignore_check_constraints = ON");
  connection_.exec(fmt::format("PRAGMA cache_size = -{}", k_cache_kib));
  // A WAL that grew beyond its measure is cut back when it starts anew.
  connection_.exec(fmt::format("PRAGMA journal_size_limit = {}", 4 * k_checkpoint_pages * 4096));
  sqlite3_wal_hook(connection_.getHandle(), &Database::note_wal_pages, this);  // takes autocheckpoint's place
}

Database::~Database() {
  sqlite3_wal_checkpoint_v2(connection_.getHandle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

int Database::note_wal_pages(void* self, sqlite3* /*connection*/, const char* /*schema*/, int pages) {
  static_cast<Database*>(self)->wal_pages_ = pages;
  return SQLITE_OK;  // anything else would make a finished COMMIT look like a failed one
}

void Database::checkpoint_when_due() noexcept {
  if (wal_pages_ < k_checkpoint_pages) checkpoint_at_ = k_checkpoint_pages;  // it has started anew
  if (wal_pages_ < checkpoint_at_) return;
  const int mode = wal_pages_ < k_wal_pages_max ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  sqlite3_wal_checkpoint_v2(connection_.getHandle(), nullptr, mode, nullptr, nullptr);
  checkpoint_at_ = wal_pages_ + k_checkpoint_pages;
}

}  // namespace rollcall::store
