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

const char* advice_on(int error_number) {
  switch (error_number) {
    case ENOENT: return "; make its directory, or name another file with --db or store.path";
    case EACCES:
    case EPERM: return "; the user that runs rollcalld must be able to write it, and its directory";
    case EROFS: return "; name a file on another file system with --db or store.path";
    case EMFILE:
    case ENFILE: return "; raise LimitNOFILE (ulimit -n)";
    default: return "";
  }
}

std::unexpected<Error> refuse(const std::filesystem::path& path, int error_number) {
  return failure(Errc::start_up, fmt::format("cannot open the database {}: {}{}", path.string(),
                                             std::generic_category().message(error_number), advice_on(error_number)));
}

// Whether `path` still refers to the open file (same device and inode).
bool is_at(int descriptor, const std::filesystem::path& path) {
  struct stat ours{};
  struct stat there{};
  return ::fstat(descriptor, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

constexpr int k_tries_max = 100;  // a retry is needed when a restore replaces the file between open and lock

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
  constexpr mode_t k_mode = 0600;  // SQLite gives the write-ahead log the mode of the database
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
  // Leave the descriptor open on purpose: if this same process holds the lock, closing any descriptor would drop
  // SQLite's fcntl(2) locks on the file. Otherwise this process ends soon anyway, because it cannot start.
  return failure(Errc::start_up, fmt::format("the database {} is in use by another rollcalld", path.string()));
}

DatabaseLock::~DatabaseLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

DatabaseLock::DatabaseLock(DatabaseLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace rollcall::store
