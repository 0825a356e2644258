// What back-up and restore are made of.
//
// Failure  CopyFailure, and SQLite's and the file system's exceptions: `copying` makes a sentence of each.
#pragma once

#include <SQLiteCpp/Database.h>
#include <chrono>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/result.h"
#include "store/copy.h"

namespace rollcall::store {

// Its words are the sentence.
class CopyFailure final : public std::exception {
 public:
  explicit CopyFailure(std::string sentence) : sentence_(std::move(sentence)) {}
  [[nodiscard]] const char* what() const noexcept override { return sentence_.c_str(); }

 private:
  std::string sentence_;
};

[[nodiscard]] std::filesystem::path with_suffix(const std::filesystem::path& path, const char* suffix);

// Opens the database a copy is to be made of, without taking it from a server that runs on it.
[[nodiscard]] SQLite::Database open_source(const std::filesystem::path& path);

// Throws unless it is a database of ours of a version this program knows.
void check_ours(SQLite::Database& source, const std::filesystem::path& path);

// One moment of `source`, in a new file with the permissions of `like`, where it is there. Leftovers under its name go.
void copy_into(SQLite::Database& source, const std::filesystem::path& file, const std::filesystem::path& like);

// The database and what SQLite puts beside it.
void remove_database(const std::filesystem::path& path);

// Returns when the file, or the directory's entries, are on the disk.
void sync_file(const std::filesystem::path& path);
void sync_directory_of(const std::filesystem::path& path);

void count_rows(SQLite::Database& database, Copied& copied);

// Runs `copy`; what it throws becomes a sentence that begins with what could not be done.
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
  } catch (const std::exception& exception) {
    return refuse(exception.what());
  }
}

}  // namespace rollcall::store
