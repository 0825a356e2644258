// Helper functions that back-up and restore share.
//
// Threads  one at a time.
// Failure  CopyFailure, SQLite::Exception or std::filesystem::filesystem_error; `copying` converts each into an Error.
#pragma once

#include <SQLiteCpp/Database.h>
#include <chrono>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/result.h"
#include "store/copy.h"
#include "store/sqlite_error.h"

namespace rollcall::store {

// An error whose `what()` is a complete message for the operator.
class CopyFailure final : public std::exception {
 public:
  explicit CopyFailure(std::string sentence) : sentence_(std::move(sentence)) {}
  [[nodiscard]] const char* what() const noexcept override { return sentence_.c_str(); }

 private:
  std::string sentence_;
};

[[nodiscard]] std::filesystem::path with_suffix(const std::filesystem::path& path, const char* suffix);

// Opens the source database of a copy. Does not take the DatabaseLock, so a running server keeps it.
[[nodiscard]] SQLite::Database open_source(const std::filesystem::path& path);

// Throws unless `source` is a Rollcall database with a schema version that this program supports.
void check_ours(SQLite::Database& source, const std::filesystem::path& path);

// Writes a consistent snapshot of `source` to `file`, which this user alone can read; with the permissions of `like` where
// that is given and exists. Deletes leftover files of the same name first.
void copy_into(SQLite::Database& source, const std::filesystem::path& file, const std::filesystem::path& like);

// Deletes the database file and SQLite's `-wal` and similar files next to it.
void remove_database(const std::filesystem::path& path);

// fsync(2): return when the file's content, or the directory's entries, are on disk.
void sync_file(const std::filesystem::path& path);
void sync_directory_of(const std::filesystem::path& path);

void count_rows(SQLite::Database& database, Copied& copied);

// Runs `copy`. Converts an exception into Errc::start_up; the message begins with `deed`, the operation that failed.
template <class Copy>
Result<Copied> copying(const std::string& deed, Copy copy) {
  const auto refuse = [&](const char* words) { return failure(Errc::start_up, deed + ": " + words); };
  try {
    const auto start = std::chrono::steady_clock::now();
    Copied copied = copy();
    copied.took = std::chrono::steady_clock::now() - start;
    return copied;
  } catch (const std::filesystem::filesystem_error& error) {
    return refuse((error.path1().string() + ": " + error.code().message()).c_str());
  } catch (const SQLite::Exception& exception) {
    return refuse((exception.what() + std::string(advice_on(exception))).c_str());
  } catch (const std::exception& exception) {
    return refuse(exception.what());
  }
}

}  // namespace rollcall::store
