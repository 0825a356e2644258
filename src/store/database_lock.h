// A file lock on the database: at most one rollcalld per database file.
//
// Shape    an exclusive flock(2) on the database file itself, on a separate file descriptor. SQLite locks with
//          fcntl(2), which is independent of flock(2), so sqlite3 and other programs can still read and write the
//          database.
// Owner    take the lock before SQLite opens the file, and release it after SQLite has closed it. When a process closes
//          any descriptor of a file, it loses all its fcntl(2) locks on that file (POSIX), including SQLite's. So
//          nothing else in this process may open and close the database file while SQLite uses it.
// Race     a restore renames another file to the database's path. A lock on the replaced file would protect nothing. So
//          after locking, `take` checks that the path still refers to the locked file, and otherwise tries again.
// Failure  Errc::start_up, one sentence. A file that does not exist is created, empty.
// Limits   local file systems only. The kernel releases the lock when the process ends, even after kill -9.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace rollcall::store {

class DatabaseLock {
 public:
  [[nodiscard]] static Result<DatabaseLock> take(const std::filesystem::path& path);
  // The lock that another process holds and shares: it is free when both have closed it.
  [[nodiscard]] static DatabaseLock adopt(int descriptor) { return DatabaseLock(descriptor); }
  ~DatabaseLock();
  DatabaseLock(DatabaseLock&& other) noexcept;
  DatabaseLock& operator=(DatabaseLock&&) = delete;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  static Result<DatabaseLock> try_once(const std::filesystem::path& path);
  explicit DatabaseLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace rollcall::store
