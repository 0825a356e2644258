#include "fault/store_faulty_vfs.h"

#include "catch.h"
#include "unit/store/roll.h"

namespace rollcall::store {

TEST_CASE("the faulty disk fails the step it was told to, and no other") {
  FaultyVfs disk;
  TemporaryDirectory directory;
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(directory.database().c_str(), &connection) == SQLITE_OK);
  disk.fail_once(Step::write, 0, SQLITE_IOERR_WRITE);
  const auto run = [&](const char* sql) { return sqlite3_exec(connection, sql, nullptr, nullptr, nullptr); };
  REQUIRE(run("CREATE TABLE t (x)") == SQLITE_IOERR);
  REQUIRE(disk.has_failed());
  REQUIRE(run("CREATE TABLE t (x)") == SQLITE_OK);
  sqlite3_close(connection);
}

}  // namespace rollcall::store
