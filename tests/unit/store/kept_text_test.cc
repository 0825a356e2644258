#include "store/kept_text.h"

#include <SQLiteCpp/Database.h>
#include <string>
#include <string_view>

#include "catch.h"

namespace rollcall::store {
namespace {

struct Row {
  SQLite::Database connection{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  SQLite::Statement statement{connection, "SELECT ?, ?"};
  KeptText kept{statement, 1};

  std::string read(std::string_view text, int other) {
    kept.bind(text);
    statement.bind(2, other);
    REQUIRE(statement.executeStep());
    const std::string row = statement.getColumn(0).getString() + ' ' + statement.getColumn(1).getString();
    statement.reset();
    return row;
  }
};

TEST_CASE("each row has the text that was bound for it, the one of the row before among them") {
  Row row;
  CHECK(row.read("ready", 1) == "ready 1");
  CHECK(row.read("ready", 2) == "ready 2");
  CHECK(row.read("draining, and a text that no string holds without memory of its own", 3) ==
        "draining, and a text that no string holds without memory of its own 3");
  CHECK(row.read("ready", 4) == "ready 4");
}

TEST_CASE("an empty text is a text, for the first row as well") {
  Row row;
  row.kept.bind("");
  REQUIRE(row.statement.executeStep());
  CHECK_FALSE(row.statement.getColumn(0).isNull());
  CHECK(row.statement.getColumn(0).getString().empty());
}

}  // namespace
}  // namespace rollcall::store
