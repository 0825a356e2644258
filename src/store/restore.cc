#include <fmt/format.h>
#include <memory>
#include <sqlite3.h>
#include <utility>

#include "base/limits.h"
#include "store/copy.h"
#include "store/copy_file.h"
#include "store/database.h"
#include "store/database_lock.h"
#include "store/schema.h"
#include "store/sqlite_error.h"
#include "store/zone_serials.h"

namespace rollcall::store {
namespace {

// The highest change indexes, event number and serials that a database has assigned.
struct Numbers {
  std::int64_t index = 0;
  std::int64_t event = 0;
  std::int64_t kv_index = 0;
  SerialsByName serials = {};
};

SerialsByName serials_in(SQLite::Database& database) {
  try {
    return read_serials(database);
  } catch (const SQLite::Exception&) {
    return {};  // an older schema has no such table
  }
}

void check_whole(SQLite::Database& source, const std::filesystem::path& path) {
  const std::string verdict = source.execAndGet("PRAGMA integrity_check(1)").getString();
  if (verdict != "ok") throw CopyFailure(fmt::format("{} is damaged: {}", path.string(), verdict));
}

std::int64_t number_in(SQLite::Database& database, const char* query) {
  try {
    const std::int64_t number = database.execAndGet(query).getInt64();
    const bool is_ours = std::cmp_less_equal(number, limits::k_stored_number_max);
    return is_ours ? number : 0;  // a number out of range was set by hand: ignore it
  } catch (const SQLite::Exception&) {
    return 0;  // an older schema has no such column
  }
}

// Reads the numbers of the database to be replaced, and merges its write-ahead log into it (journal_mode = DELETE).
// Otherwise SQLite would apply the old WAL to the new database. This needs exclusive access; a program that opens the
// database later gets the new file.
Numbers retire(const std::filesystem::path& path) {
  SQLite::Database database = open_source(path);
  const std::int32_t owner = database.execAndGet("PRAGMA application_id").getInt();
  if (owner != k_application_id) throw CopyFailure(fmt::format("{} belongs to another program", path.string()));
  sqlite3_busy_timeout(database.getHandle(), static_cast<int>(k_busy_wait.count()));
  const Numbers numbers{number_in(database, "SELECT change_index FROM roll"),
                        number_in(database, "SELECT event_id FROM roll"),
                        number_in(database, "SELECT change_index FROM kv_counter"), serials_in(database)};
  try {
    database.execAndGet("PRAGMA journal_mode = DELETE");
  } catch (const SQLite::Exception& exception) {
    if (primary_code(exception) == SQLITE_BUSY) {
      throw CopyFailure(fmt::format("{} is open in another program: close it first", path.string()));
    }
    throw;
  }
  return numbers;
}

// A database that SQLite cannot read is still kept as a `.bak` file, with its WAL.
Numbers retire_if_readable(const std::filesystem::path& path) {
  try {
    return retire(path);
  } catch (const SQLite::Exception&) {
    return {};
  }
}

void raise_numbers(Database& database, const Numbers& numbers) {
  database.connection().exec(
      fmt::format("UPDATE roll SET change_index = max(change_index, {}), event_id = max(event_id, {})", numbers.index,
                  numbers.event));
  database.connection().exec(
      fmt::format("UPDATE kv_counter SET change_index = max(change_index, {})", numbers.kv_index));
  raise_serials(database.connection(), numbers.serials);
}

// Copies the back-up to `staged`, migrates it to the current schema, raises its numbers, and syncs it to disk.
Copied stage(const std::filesystem::path& file, const std::filesystem::path& staged, const std::filesystem::path& like,
             const Numbers& numbers) {
  SQLite::Database source = open_source(file);
  copy_into(source, staged, like);
  Copied copied;
  {
    Result<std::unique_ptr<Database>> database = Database::open(staged);
    if (!database) throw CopyFailure(database.error().message);
    raise_numbers(**database, numbers);
    count_rows((*database)->connection(), copied);
  }
  copied.bytes = std::filesystem::file_size(staged);
  sync_file(staged);
  return copied;
}

// Makes a hard link to the file, or a copy if the file system does not support hard links.
void keep_file(const std::filesystem::path& file, const std::filesystem::path& kept) {
  std::error_code impossible;
  std::filesystem::create_hard_link(file, kept, impossible);
  if (!impossible) return;
  std::filesystem::copy_file(file, kept);
  sync_file(kept);
}

// Replaces the database atomically: at every moment, `database` is the old or the new database, never a mix. The order
// matters: the old WAL is removed only after the old database and its WAL are safe under the name `kept`.
void put_in_place(const std::filesystem::path& staged, const std::filesystem::path& database,
                  const std::filesystem::path& kept) {
  const std::filesystem::path log = with_suffix(database, "-wal");
  const bool has_log = !kept.empty() && std::filesystem::exists(log);
  if (!kept.empty()) {
    remove_database(kept);
    if (has_log) keep_file(log, with_suffix(kept, "-wal"));
    keep_file(database, kept);
    sync_directory_of(kept);
  }
  if (has_log) std::filesystem::remove(log);
  try {
    std::filesystem::rename(staged, database);
  } catch (...) {
    if (has_log) keep_file(with_suffix(kept, "-wal"), log);
    throw;
  }
  sync_directory_of(database);
}

Copied copy_in(const std::filesystem::path& file, const std::filesystem::path& database) {
  std::error_code absent;
  if (std::filesystem::equivalent(file, database, absent)) {
    throw CopyFailure(fmt::format("{} is the database itself", file.string()));
  }
  {
    SQLite::Database source = open_source(file);
    check_ours(source, file);
    check_whole(source, file);
  }
  const bool is_there = std::filesystem::exists(database);
  const Result<DatabaseLock> lock = DatabaseLock::take(database);
  if (!lock) throw CopyFailure(lock.error().message);
  const bool has_content = is_there && std::filesystem::file_size(database) > 0;
  const std::filesystem::path staged = with_suffix(database, ".restoring");
  try {
    const Numbers numbers = has_content ? retire_if_readable(database) : Numbers{};
    Copied copied = stage(file, staged, is_there ? database : std::filesystem::path(), numbers);
    if (has_content) copied.kept = with_suffix(database, ".bak");
    put_in_place(staged, database, copied.kept);
    return copied;
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(staged, ignored);
    if (!is_there) std::filesystem::remove(database, ignored);  // DatabaseLock created this empty file
    throw;
  }
}

}  // namespace

Result<Copied> restore_from(const std::filesystem::path& file, const std::filesystem::path& database) {
  return copying("nothing is restored", [&] { return copy_in(file, database); });
}

}  // namespace rollcall::store
