// Copies of the database: `rollcalld --backup FILE` and `rollcalld --restore FILE` (docs/database.md, "Back-up").
//
// Shape    a copy is one compacted, checked database file: a consistent snapshot. It is written under a temporary name,
//          synced to disk, and then renamed. A crash never leaves a partial file under the final name.
// Threads  one, in a process of its own.
// Failure  Errc::start_up, one sentence; existing files stay unchanged.
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
  std::filesystem::path kept{};  // restore only: the new path of the replaced database; empty: there was none
};
// "12 instances of 3 services, 36864 bytes, in 0.01 s"
[[nodiscard]] std::string to_text(const Copied& copied);

// Backs up the current state of `database` to `file`, which must not exist. A server may be running on the database.
[[nodiscard]] Result<Copied> back_up(const std::filesystem::path& database, const std::filesystem::path& file);

// Replaces the database with a back-up. Refuses a file that is damaged, belongs to another program, or has a newer
// schema than this program. Also refuses while another process has the database open. Keeps the replaced database as
// `<database>.bak` and overwrites an earlier one. The change index, the event number and the zone serials continue from
// the higher of the two databases, so none of them goes backwards.
[[nodiscard]] Result<Copied> restore_from(const std::filesystem::path& file, const std::filesystem::path& database);

}  // namespace rollcall::store
