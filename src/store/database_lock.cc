#include "store/database_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace rollcall::store {
namespace {

std::unexpected<Error> refuse(const std::filesystem::path& path, int error_number) {
  return failure(Errc::start_up, fmt::format("cannot open the database {}: {}", path.string(),
                                             std::generic_category().message(error_number)));
}

// Whether the name leads to the file that is open.
bool is_at(int descriptor, const std::filesystem::path& path) {
  struct stat ours{};
  struct stat there{};
  return ::fstat(descriptor, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

constexpr int k_tries_max = 100;  // each time somebody has replaced the file between two of our calls

}  // namespace

Result<DatabaseLock> DatabaseLock::take(const std::filesystem::path& path) {
  for (int i = 0; i < k_tries_max; ++i) {
    Result<DatabaseLock> lock = try_once(path);
    if (!lock || is_at(lock->descriptor_, path)) return lock;
  }
  return failure(Errc::start_up,
                 fmt::format("cannot open the database {}: it is being replaced again and again", path.string()));
}

Result<DatabaseLock> DatabaseLock::try_once(const std::filesystem::path& path) {
  constexpr mode_t k_mode = 0644;  // as SQLite creates files
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, k_mode);
  if (descriptor < 0) return refuse(path, errno);

  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return failure(Errc::start_up, fmt::format("cannot open the database {}: it is not a regular file", path.string()));
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return DatabaseLock(descriptor);

  const int error_number = errno;
  if (error_number != EWOULDBLOCK) {
    ::close(descriptor);
    return refuse(path, error_number);
  }
  // The descriptor stays open on purpose: if the other user is this very process, closing it would drop the locks of
  // that user's SQLite. Otherwise the program that was refused is about to end anyway.
  return failure(Errc::start_up, fmt::format("the database {} is in use by another rollcalld", path.string()));
}

DatabaseLock::~DatabaseLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

DatabaseLock::DatabaseLock(DatabaseLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace rollcall::store
