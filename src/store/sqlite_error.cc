#include "store/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace rollcall::store {

Error to_error(const std::exception& exception, std::string_view deed) {
  const auto* from_sqlite = dynamic_cast<const SQLite::Exception*>(&exception);
  const int code = from_sqlite != nullptr ? primary_code(*from_sqlite) : SQLITE_ERROR;
  const bool is_busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  return {is_busy ? Errc::store_busy : Errc::store_failed,
          fmt::format("the database cannot be {}: {}", deed, exception.what())};
}

}  // namespace rollcall::store
