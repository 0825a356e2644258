// Converts SQLite's exceptions to Error values. No SQLite exception leaves src/store.
#pragma once

#include <SQLiteCpp/Exception.h>
#include <exception>
#include <string_view>

#include "base/result.h"

namespace rollcall::store {

// The primary result code of an extended one: SQLITE_BUSY for SQLITE_BUSY_RECOVERY.
[[nodiscard]] inline int primary_code(const SQLite::Exception& exception) noexcept {
  return exception.getErrorCode() & 0xff;
}

// What to do about a failure of SQLite, as the end of a sentence: "; free space on its disk". Empty: nothing is known.
[[nodiscard]] std::string_view advice_on(const SQLite::Exception& exception) noexcept;

// Errc::store_busy when another program holds a lock, Errc::store_failed for everything else, with SQLite's message and advice.
// `deed` is the operation that failed: "written", "read".
[[nodiscard]] Error to_error(const std::exception& exception, std::string_view deed);

}  // namespace rollcall::store
