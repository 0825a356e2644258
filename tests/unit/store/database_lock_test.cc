// One rollcalld per database, also while a restore puts another file under its name.
#include "store/database_lock.h"

#include <fcntl.h>
#include <functional>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "catch.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

// What somebody else does between two calls of ours: once, just before the next flock(2).
std::function<void()> before_flock;  // NOLINT(cert-err58-cpp)

// As the end of a restore: another file takes the name.
void replace(const std::filesystem::path& path) {
  const std::filesystem::path fresh = path.string() + ".fresh";
  ::close(::open(fresh.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  std::filesystem::rename(fresh, path);
}

// Whether somebody who opens the database now finds it locked.
bool is_locked(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_free = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  ::close(descriptor);
  return !is_free;
}

}  // namespace
}  // namespace rollcall::store

// In the place of the C library's, for this program.
extern "C" int flock(int descriptor, int operation) noexcept {
  if (const auto meanwhile = std::exchange(rollcall::store::before_flock, {})) meanwhile();
  return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
}

namespace rollcall::store {

TEST_CASE("a lock that is taken while the database is replaced is that of the file that stays") {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.database();
  before_flock = [&] { replace(path); };
  const Result<DatabaseLock> lock = DatabaseLock::take(path);
  REQUIRE(lock);
  CHECK(is_locked(path));
}

TEST_CASE("a database that has gone when it is locked is made anew") {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.database();
  before_flock = [&] { std::filesystem::remove(path); };
  const Result<DatabaseLock> lock = DatabaseLock::take(path);
  REQUIRE(lock);
  CHECK(is_locked(path));
}

TEST_CASE("a database that is replaced again and again is a reason not to start, and not to try for ever") {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.database();
  std::function<void()> again;
  again = [&] {
    replace(path);
    before_flock = again;
  };
  before_flock = again;
  const Result<DatabaseLock> lock = DatabaseLock::take(path);
  before_flock = {};
  REQUIRE_FALSE(lock);
  CHECK(lock.error().message.ends_with("it is being replaced again and again"));
}

}  // namespace rollcall::store
