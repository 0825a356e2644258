// A prepared SELECT for reading many rows fast. It calls the SQLite C API directly, because each SQLite::Column takes a
// reference-counted pointer to its statement.
//
// Owner    destroy it before the connection. The view that `text` returns is valid until the next `step` or `reset`.
// Threads  one at a time.
// Failure  SQLite::Exception.
#pragma once

#include <SQLiteCpp/Database.h>
#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace rollcall::store {

class Cursor {
 public:
  Cursor(SQLite::Database& connection, const std::string& query) : connection_(connection.getHandle()) {
    sqlite3_stmt* made = nullptr;
    check(sqlite3_prepare_v2(connection_, query.c_str(), static_cast<int>(query.size()) + 1, &made, nullptr),
          SQLITE_OK);
    statement_.reset(made);
  }

  // Binds without a copy: `text` must stay valid until the cursor is reset. Places count from 1.
  void bind(int place, std::string_view text) {
    check(sqlite3_bind_text(statement_.get(), place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC),
          SQLITE_OK);
  }
  // Moves to the next row. False: there are no more rows.
  bool step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_DONE) return false;
    check(code, SQLITE_ROW);
    return true;
  }
  void reset() noexcept { sqlite3_reset(statement_.get()); }

  // Columns count from 0.
  [[nodiscard]] std::string_view text(int column) const {
    const auto* octets = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    return {octets == nullptr ? "" : octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
  }
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  void check(int code, int wanted) const {
    if (code != wanted) throw SQLite::Exception(connection_, code);
  }

  sqlite3* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace rollcall::store
