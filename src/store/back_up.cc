#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/counted.h"
#include "store/copy.h"
#include "store/copy_file.h"

namespace rollcall::store {
namespace {

void refuse_existing(const std::filesystem::path& file) {
  if (std::filesystem::exists(std::filesystem::symlink_status(file))) {
    throw CopyFailure(fmt::format("{} is there already: choose another name", file.string()));
  }
}

// Renames without overwriting a file created in the meantime, if the file system supports RENAME_NOREPLACE.
void rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EEXIST) refuse_existing(to);
  std::filesystem::rename(from, to);
}

Copied copy_out(const std::filesystem::path& database, const std::filesystem::path& file) {
  refuse_existing(file);
  SQLite::Database source = open_source(database);
  check_ours(source, database);
  const std::filesystem::path partial = with_suffix(file, ".partial");
  Copied copied;
  try {
    copy_into(source, partial, {});
    {
      SQLite::Database made(partial.string(), SQLite::OPEN_READONLY);
      count_rows(made, copied);
    }
    copied.bytes = std::filesystem::file_size(partial);
    sync_file(partial);
    rename_new(partial, file);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    throw;
  }
  sync_directory_of(file);
  return copied;
}

}  // namespace

std::string to_text(const Copied& copied) {
  std::string text = fmt::format("{} of {}, {} bytes, in {:.2f} s", counted(copied.instances, "instance"),
                                 counted(copied.services, "service"), copied.bytes, copied.took.count());
  if (!copied.kept.empty()) text += fmt::format("; the database before is {}", copied.kept.string());
  return text;
}

Result<Copied> back_up(const std::filesystem::path& database, const std::filesystem::path& file) {
  return copying("nothing is backed up", [&] { return copy_out(database, file); });
}

}  // namespace rollcall::store
