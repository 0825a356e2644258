// One rollcalld per database, also while a restore puts another file under its name.
#include "store/database_lock.h"

#include <atomic>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "catch.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

constexpr int k_rounds = 500;  // each refusal costs a descriptor (DatabaseLock::take)

ino_t inode_at(const std::filesystem::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// The end of a restore: under the lock of the file that is there, another one takes its name. False: somebody has the
// lock.
bool replace(const std::filesystem::path& path) {
  const int old = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  struct stat status{};
  const bool is_ours =
      ::flock(old, LOCK_EX | LOCK_NB) == 0 && ::fstat(old, &status) == 0 && status.st_ino == inode_at(path);
  if (is_ours) {
    const std::string fresh = path.string() + ".fresh";
    ::close(::open(fresh.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    std::filesystem::rename(fresh, path);
  }
  ::close(old);
  return is_ours;
}

}  // namespace

TEST_CASE("a lock that is taken while the database is replaced is that of the file that stays") {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.database();
  std::atomic<bool> is_over{false};
  std::thread restores([&] {
    while (!is_over) static_cast<void>(replace(path));
  });
  int taken = 0;
  int stale = 0;
  for (int i = 0; i < k_rounds; ++i) {
    const Result<DatabaseLock> lock = DatabaseLock::take(path);
    if (!lock) continue;  // a restore is at work
    ++taken;
    // Nobody can replace a file that is locked: had the name led elsewhere, it would still do.
    if (replace(path)) ++stale;
  }
  is_over = true;
  restores.join();
  CHECK(taken > 0);
  CHECK(stale == 0);
}

}  // namespace rollcall::store
