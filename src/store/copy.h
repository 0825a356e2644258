// Copies of the database: `rollcalld --backup FILE` and `rollcalld --restore FILE` (docs/database.md, "Back-up").
//
// Shape    a copy is one file: compact, of one moment, checked, and on the disk when its name appears. It is made under
//          another name first, so that what bears the name is never half a copy, however the program ends.
// Threads  one, in a process of its own.
// Failure  Errc::start_up, one sentence; what was there is as it was.
// Source   sqlite.org/lang_vacuum.html ("VACUUM INTO"), sqlite.org/howtocorrupt.html.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace rollcall::store {

struct Copied {
  std::uint64_t instances = 0;
  std::uint64_t services = 0;
  std::uintmax_t bytes = 0;
  std::chrono::duration<double> took{};
  std::filesystem::path kept{};  // of a restore: where the database before is now; empty: there was none
};
// "12 instances of 3 services, 36864 bytes, in 0.01 s"
[[nodiscard]] std::string to_text(const Copied& copied);

// The database as it is now, whether a server runs on it or not, into a file that does not exist.
[[nodiscard]] Result<Copied> back_up(const std::filesystem::path& database, const std::filesystem::path& file);

// A back-up in the place of the database. Refuses a file that is not whole, not ours, or newer than this program; and
// while anybody has the database open. The database before is kept beside it, with `.bak` at the end of its name, in
// the place of an earlier one. The counts go on from the higher: no serial and no index goes back.
[[nodiscard]] Result<Copied> restore_from(const std::filesystem::path& file, const std::filesystem::path& database);

}  // namespace rollcall::store
