#include "store/copy_file.h"

#include <SQLiteCpp/Statement.h>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "store/schema.h"

namespace rollcall::store {
namespace {

// Busy timeout: long enough for a checkpoint of a running server, or an operator's quick write.
constexpr int k_patience_ms = 10'000;

[[noreturn]] void fail_with_errno(const std::filesystem::path& path) {
  throw std::filesystem::filesystem_error("", path, std::error_code(errno, std::generic_category()));
}

void sync(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) fail_with_errno(path);
  const bool is_synced = ::fsync(descriptor) == 0;
  const int error_number = errno;
  ::close(descriptor);
  errno = error_number;
  if (!is_synced) fail_with_errno(path);
}

// Creates an empty file that this user alone can read; with the permissions of `like` if that exists.
void create(const std::filesystem::path& file, const std::filesystem::path& like) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) fail_with_errno(file);
  struct stat status{};
  const bool is_like = !like.empty() && ::stat(like.c_str(), &status) == 0;
  const bool is_set = !is_like || ::fchmod(descriptor, status.st_mode & 0777U) == 0;
  const int error_number = errno;
  ::close(descriptor);
  errno = error_number;
  if (!is_set) fail_with_errno(file);
}

}  // namespace

std::filesystem::path with_suffix(const std::filesystem::path& path, const char* suffix) {
  std::filesystem::path longer = path;
  longer += suffix;
  return longer;
}

SQLite::Database open_source(const std::filesystem::path& path) {
  std::error_code unreadable;
  const auto status = std::filesystem::status(path, unreadable);
  if (!std::filesystem::exists(status)) throw CopyFailure(fmt::format("there is no file {}", path.string()));
  if (!std::filesystem::is_regular_file(status)) throw CopyFailure(fmt::format("{} is no file", path.string()));
  return {std::filesystem::absolute(path).string(), SQLite::OPEN_READWRITE, k_patience_ms};
}

void check_ours(SQLite::Database& source, const std::filesystem::path& path) {
  std::int32_t owner = 0;
  int version = 0;
  try {
    owner = source.execAndGet("PRAGMA application_id").getInt();
    version = source.execAndGet("PRAGMA user_version").getInt();
  } catch (const SQLite::Exception& exception) {
    throw CopyFailure(fmt::format("{} cannot be read as a database of rollcalld: {}", path.string(), exception.what()));
  }
  if (owner != k_application_id) throw CopyFailure(fmt::format("{} is no database of rollcalld", path.string()));
  if (version >= 1 && version <= schema_version()) return;
  throw CopyFailure(fmt::format("{} has schema version {}, and this rollcalld knows versions up to {}", path.string(),
                                version, schema_version()));
}

void copy_into(SQLite::Database& source, const std::filesystem::path& file, const std::filesystem::path& like) {
  remove_database(file);
  create(file, like);
  SQLite::Statement copy(source, "VACUUM INTO ?");
  copy.bind(1, std::filesystem::absolute(file).string());
  copy.exec();
}

void remove_database(const std::filesystem::path& path) {
  for (const char* suffix : {"-wal", "-shm", "-journal", ""}) std::filesystem::remove(with_suffix(path, suffix));
}

void sync_file(const std::filesystem::path& path) { sync(path, O_RDONLY); }

void sync_directory_of(const std::filesystem::path& path) {
  sync(std::filesystem::absolute(path).parent_path(), O_RDONLY | O_DIRECTORY);
}

void count_rows(SQLite::Database& database, Copied& copied) {
  const auto count = [&](const char* query) {
    return static_cast<std::uint64_t>(database.execAndGet(query).getInt64());
  };
  copied.instances = count("SELECT count(*) FROM instance");
  copied.services = count("SELECT count(*) FROM service");
}

}  // namespace rollcall::store
