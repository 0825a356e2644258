// A disk that fails when it is told to: a shim around SQLite's own VFS, its default as long as it lives.
//
// Shape    every call that touches a file, a lock or the shared index is one Step; steps of a kind are counted, and the
//          chosen ones fail instead of being done. A failing write may leave half of its bytes behind.
// Time     SQLite's waiting for locks is counted, not slept; a sync that succeeds does nothing, for nobody pulls the
//          plug.
// Owner    one test; the stores it serves end before it does.
// Threads  one; with a `judge` any.
// Source   sqlite.org/vfs.html.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace rollcall::store {

enum class Step : std::uint8_t { write, sync, lock, read, size, truncate, index };

class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  // The n-th step of the kind from now on (0: the next) fails with `code`, and only that one.
  void fail_once(Step step, int n, int code) { arm(step, n, n + 1, code); }
  // The n-th and all that follow, until `heal`.
  void fail_from(Step step, int n, int code) { arm(step, n, 1 << 30, code); }
  // Only steps on files with this end of the name count: "-wal".
  void only_files_ending(std::string_view end) { file_end_ = end; }
  void heal() { last_ = first_ = 0; }

  [[nodiscard]] bool has_failed() const { return failures_ > 0; }
  [[nodiscard]] std::chrono::microseconds waited() const { return waited_; }

  // Instead of what is planned: the code for each step, SQLITE_OK for most. Set before the first file is opened; called on
  // every thread that has one. Waiting for locks takes its time then.
  std::function<int(Step step, std::string_view file_name)> judge;

  // Called in the middle of every write.
  std::function<void(std::string_view file_name)> on_write;

  // For the shim's own functions: the code this step fails with, or SQLITE_OK.
  int decide(Step step, std::string_view file_name);
  void note_wait(int microseconds) { waited_ += std::chrono::microseconds(microseconds); }
  [[nodiscard]] sqlite3_vfs* real() const { return real_; }

 private:
  void arm(Step step, int first, int last, int code);

  sqlite3_vfs* real_;
  sqlite3_vfs shim_;
  Step step_{};
  int seen_ = 0;
  int first_ = 0;
  int last_ = 0;
  int code_ = SQLITE_OK;
  int failures_ = 0;
  std::string file_end_;
  std::chrono::microseconds waited_{};
};

}  // namespace rollcall::store
