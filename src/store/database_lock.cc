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

}  // namespace

Result<DatabaseLock> DatabaseLock::take(const std::filesystem::path& path) {
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
