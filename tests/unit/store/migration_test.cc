// From every released version of the tables to the present one: real databases, made by the frozen steps, with rows by
// Rollcall and by hand.
#include <fmt/format.h>
#include <string>
#include <vector>

#include "catch.h"
#include "store/database.h"
#include "store/schema.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

// A database as the version's server has left it, with every column it had.
class OldDatabase {
 public:
  explicit OldDatabase(int version) : plain_(directory_.database()) {
    for (int step = 0; step < version; ++step) {
      plain_.query(schema_steps()[static_cast<std::size_t>(step)]);
      if (step == 0) fill_first();
      if (step == 1) fill_second();
      if (step == 2) fill_third();
    }
    plain_.query(fmt::format("PRAGMA user_version = {}", version));
  }

  [[nodiscard]] Plain& plain() { return plain_; }
  // Brought up to date, as a start does.
  void migrate() { REQUIRE(Database::open(directory_.database())); }
  [[nodiscard]] registry::Restored restored() {
    const auto store = InstanceStore::open(directory_.database(), zones_);
    REQUIRE(store);
    return std::move(*(*store)->restore());
  }
  // Without the columns that are new.
  [[nodiscard]] std::vector<std::string> rows() {
    return plain_.query(
        "SELECT zone, service, id, addresses, port, protocol, priority, weight, tags, meta, ttl_ms, status,"
        " registered_at_ms, change_index FROM instance ORDER BY zone, service, id");
  }

 private:
  void fill_first() {
    plain_.query(
        "UPDATE roll SET change_index = 41;"
        "INSERT INTO service (zone, name, protocols, change_index) VALUES ('svc.internal', 'web', 'tcp', 40),"
        " ('svc.internal', 'gone', 'tcp,udp', 39);"
        "UPDATE service SET emptied_at_ms = 1700000000000 WHERE name = 'gone';"
        "INSERT INTO instance (zone, service, id, addresses, port, protocol, priority, weight, tags, meta, ttl_ms, "
        "status,"
        " registered_at_ms, change_index) VALUES ('svc.internal', 'web', 'a', '[\"192.0.2.1\",\"2001:db8::1\"]', 80, "
        "'udp', 2,"
        " 3, '[\"blue\"]', '{\"path\":\"/x\"}', 3600000, 'draining', 1700000000000, 41);"
        "INSERT INTO instance (zone, service, id, addresses, port, registered_at_ms)"
        " VALUES ('svc.internal', 'db', 'by-hand', '[\"192.0.2.2\"]', 81, 1700000000000);"
        "INSERT INTO instance (zone, service, id, addresses, port, registered_at_ms)"
        " VALUES ('not.served', 'db', 'elsewhere', '[\"192.0.2.3\"]', 82, 1700000000000)");
  }
  void fill_second() {
    plain_.query(
        "UPDATE roll SET event_id = 7;"
        "INSERT INTO event (id, at_ms, zone, service, instance, event, cause, asked_by, detail, change_index)"
        " VALUES (7, 1700000000000, 'svc.internal', 'web', 'a', 'draining', 'drain started', 'ops', '', 41);"
        "INSERT INTO instance (zone, service, id, addresses, port, status, registered_at_ms, status_since_ms, "
        "check_output,"
        " checks) VALUES ('svc.internal', 'web', 'sick', '[\"192.0.2.4\"]', 83, 'critical', 1700000000000, "
        "1700000005000,"
        " 'connection refused', '{\"checks\":[{\"type\":\"tcp\"}]}')");
  }
  void fill_third() {
    plain_.query("UPDATE instance SET weight = 9 WHERE id = 'by-hand'");  // noted by a trigger
    plain_.query(
        "CREATE TABLE zone_serial (zone TEXT PRIMARY KEY, serial INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "INSERT INTO zone_serial VALUES ('svc.internal', 77)");
  }

  TemporaryDirectory directory_;
  Plain plain_;
  TwoZones zones_;
};

// What a schema is made of, but for spelling that depends on how it was come by.
std::vector<std::string> tables_of(Plain& plain) {
  std::vector<std::string> lines = plain.query(
      "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk FROM sqlite_schema AS m, "
      "pragma_table_info(m.name) AS c"
      " WHERE m.type = 'table' ORDER BY 1, c.cid");
  const auto triggers = plain.query("SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name");
  lines.insert(lines.end(), triggers.begin(), triggers.end());
  return lines;
}

}  // namespace

TEST_CASE("a database of any older version comes up to date, with the tables a new one has") {
  const int version = GENERATE(1, 2, 3, 4);
  CAPTURE(version);
  OldDatabase old(version);
  old.migrate();
  TemporaryDirectory directory;
  REQUIRE(Database::open(directory.database()));
  Plain fresh(directory.database());
  CHECK(tables_of(old.plain()) == tables_of(fresh));
  CHECK(old.plain().value("PRAGMA user_version") == std::to_string(schema_version()));
  CHECK(old.plain().value("PRAGMA integrity_check") == "ok");
  CHECK(old.plain().query("PRAGMA foreign_key_check").empty());
}

TEST_CASE("no row of an older version is lost or changed on the way") {
  const int version = GENERATE(1, 2, 3, 4);
  CAPTURE(version);
  OldDatabase old(version);
  const std::vector<std::string> before = old.rows();
  const std::vector<std::string> services =
      old.plain().query("SELECT zone, name, protocols, emptied_at_ms, change_index FROM service ORDER BY zone, name");
  old.migrate();
  CHECK(old.rows() == before);
  CHECK(old.plain().query(
            "SELECT zone, name, protocols, emptied_at_ms, change_index FROM service ORDER BY zone, name") == services);
  CHECK(old.plain().value("SELECT change_index FROM roll") == "41");
  if (version >= 2) {
    CHECK(old.plain().value("SELECT event || asked_by || ifnull(before, '-') FROM event WHERE id = 7") ==
          "drainingops-");
  }
  if (version >= 3) {
    CHECK(old.plain().value("SELECT count(*) FROM edit WHERE id = 'by-hand'") == "1");
    CHECK(old.plain().value("SELECT serial FROM zone_serial") == "77");
  }
}

TEST_CASE("instances of an older version are back with their leases, their drains and what their checks have said") {
  const int version = GENERATE(1, 2, 3, 4);
  CAPTURE(version);
  OldDatabase old(version);
  const registry::Restored restored = old.restored();
  const auto find = [&](const std::string& id) -> const registry::InstanceRecord& {
    for (const registry::InstanceRecord& record : restored.instances) {
      if (record.registration.key.id == id) return record;
    }
    FAIL(id);
    return restored.instances.front();
  };
  const registry::InstanceRecord& a = find("a");
  CHECK(a.registration.ttl == std::chrono::hours(1));
  CHECK(a.registration.lease == registry::LeaseKind::ends_instance);
  CHECK(a.registration.door == registry::Door::native);
  CHECK(a.standing.status() == registry::Status::draining);
  CHECK(find("by-hand").registration.ttl == std::chrono::seconds(15));
  if (version < 2) return;
  const registry::InstanceRecord& sick = find("sick");
  CHECK(sick.standing.is_critical());
  CHECK(sick.standing.output() == "connection refused");
  CHECK(sick.standing.checks.front().since == wall(1'700'000'005));
}

TEST_CASE("rows are edited by hand after a migration as before it") {
  OldDatabase old(GENERATE(1, 2, 3, 4));
  old.migrate();
  old.plain().query("DELETE FROM edit");
  old.plain().query("UPDATE instance SET port = 90 WHERE id = 'a'");
  old.plain().query(
      "INSERT INTO instance (zone, service, id, addresses, port) VALUES ('svc.internal', 'new', 'b',"
      " '[\"192.0.2.9\"]', 80)");
  old.plain().query("DELETE FROM instance WHERE id = 'by-hand'");
  CHECK(old.plain().query("SELECT service, id FROM edit ORDER BY number") ==
        std::vector<std::string>{"web|a", "new|b", "db|by-hand"});
  REQUIRE_THROWS(old.plain().query("UPDATE instance SET change_index = 99999 WHERE id = 'a'"));
  REQUIRE_THROWS(old.plain().query("DELETE FROM roll"));
  REQUIRE_THROWS(old.plain().query("DELETE FROM service WHERE name = 'web'"));
}

}  // namespace rollcall::store
