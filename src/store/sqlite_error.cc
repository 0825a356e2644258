#include "store/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace rollcall::store {

std::string_view advice_on(const SQLite::Exception& exception) noexcept {
  switch (primary_code(exception)) {
    case SQLITE_FULL: return "; free space on its disk";
    case SQLITE_IOERR: return "; look at its disk and the system's log";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM: return "; the user that runs rollcalld must be able to write it and its directory";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "; another program holds it locked: let that end its transaction";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "; put a back-up in its place with rollcalld --restore FILE";
    case SQLITE_NOMEM: return "; the system gives no more memory (MemoryMax, ulimit -v)";
    default: return "";
  }
}

Error to_error(const std::exception& exception, std::string_view deed) {
  const auto* from_sqlite = dynamic_cast<const SQLite::Exception*>(&exception);
  const int code = from_sqlite != nullptr ? primary_code(*from_sqlite) : SQLITE_ERROR;
  const bool is_busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  return {is_busy ? Errc::store_busy : Errc::store_failed,
          fmt::format("the database cannot be {}: {}{}", deed, exception.what(),
                      from_sqlite != nullptr ? advice_on(*from_sqlite) : "")};
}

}  // namespace rollcall::store
