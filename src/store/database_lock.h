// The sign on the database's door: one rollcalld per database file.
//
// Shape    an exclusive flock(2) on the database file itself, through a descriptor of its own. SQLite locks with
//          fcntl(2), which knows nothing of flock(2), so sqlite3 and other readers and writers still come in.
// Owner    take it before SQLite opens the file, let it go after SQLite has closed it. Closing any descriptor of a file
//          drops all fcntl(2) locks the process holds on that file (POSIX), SQLite's among them: for the same reason
//          nothing else in this process may open and close the database file while SQLite has it.
// Race     a restore puts another file under the name. A lock on the file that was there before locks nothing that anybody
//          else will open: once we have it, the name must still lead to our file, else the file that is there now is taken.
// Failure  Errc::start_up, one sentence. A file that is not there is created, empty.
// Limits   local file systems. The kernel releases the lock with the process, however it ends.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace rollcall::store {

class DatabaseLock {
 public:
  [[nodiscard]] static Result<DatabaseLock> take(const std::filesystem::path& path);
  ~DatabaseLock();
  DatabaseLock(DatabaseLock&& other) noexcept;
  DatabaseLock& operator=(DatabaseLock&&) = delete;

 private:
  static Result<DatabaseLock> try_once(const std::filesystem::path& path);
  explicit DatabaseLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace rollcall::store
