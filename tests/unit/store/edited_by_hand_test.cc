// What becomes of rows that people have edited with sqlite3 (docs/database.md).
#include "base/limits.h"
#include "catch.h"
#include "store/edit_reader.h"
#include "store/instance_store.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

struct Edited {
  TemporaryDirectory directory;
  TwoZones zones;
  std::unique_ptr<InstanceStore> store = std::move(*InstanceStore::open(directory.database(), zones));
  Plain plain{directory.database()};

  Edited() {
    Batch batch;
    batch.service(service_record("web")).instance(instance_record("web", "a"));
    if (!store->record(batch.get())) throw std::runtime_error("not recorded");
  }
  registry::Restored restored() { return std::move(*store->restore()); }
};

}  // namespace

TEST_CASE("a row inserted by hand needs no more than name, address and port") {
  Edited edited;
  edited.plain.query(
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'db', 'one', '[\"2001:db8::5\"]', 5432)");
  const registry::Restored restored = edited.restored();
  REQUIRE(restored.instances.size() == 2);
  const registry::InstanceRecord& record = restored.instances[0];
  REQUIRE(record.registration.key == registry::InstanceKey{{k_svc, "db"}, "one"});
  REQUIRE(record.registration.addresses == std::vector{*IpAddress::parse("2001:db8::5")});
  REQUIRE(record.registration.port == 5432);
  REQUIRE(record.registration.priority == 1);
  REQUIRE(record.registration.weight == 1);
  REQUIRE(record.registration.ttl == limits::k_lease_default);
  REQUIRE(record.standing.status() == registry::Status::ready);
  REQUIRE(record.registered_at > wall(1'700'000'000));
  REQUIRE(restored.services.size() == 2);
  REQUIRE(restored.services[0].key == registry::ServiceKey{k_svc, "db"});
}

TEST_CASE("a row inserted by hand may use any form of JSON and any order of tags") {
  Edited edited;
  edited.plain.query(R"(UPDATE instance SET tags = ' [ "v2" , "Blue", "v2" ]', meta = '{"b": "\u00e9", "a": "1"}')");
  const registry::Restored restored = edited.restored();
  REQUIRE(restored.instances.size() == 1);
  REQUIRE(restored.instances[0].registration.tags == std::vector<std::string>{"blue", "v2"});
  REQUIRE(restored.instances[0].registration.meta ==
          std::vector<std::pair<std::string, std::string>>{{"b", "é"}, {"a", "1"}});
}

TEST_CASE("the tables refuse what could not be a registration") {
  Edited edited;
  for (const char* edit : {"port = 0", "port = 65536", "port = 'http'", "weight = -1", "priority = 65536",
                           "protocol = 'sctp'", "status = 'up'", "ttl_ms = 999", "ttl_ms = 86400001",
                           "addresses = '192.0.2.1'", "addresses = '[]'", "tags = '{}'", "tags = 'blue'", "meta = '[]'",
                           "id = ''", "id = 'a b'", "id = 'a/b'", "service = 'Web'", "change_index = -1"}) {
    CAPTURE(edit);
    REQUIRE_THROWS(edited.plain.query(std::string("UPDATE instance SET ") + edit));
  }
  REQUIRE(edited.restored().instances.size() == 1);
}

TEST_CASE("the tables refuse a service whose name is no label in lower case") {
  Edited edited;
  const std::vector<std::string> names{"", "Web", "-web", "web-", "w_b", "a.b", std::string(64, 'a')};
  for (const std::string& name : names) {
    CAPTURE(name);
    REQUIRE_THROWS(edited.plain.query("INSERT INTO service (zone, name) VALUES ('svc.internal', '" + name + "')"));
    REQUIRE_THROWS(
        edited.plain.query("INSERT INTO instance (zone, service, id, addresses, port)"
                           " VALUES ('svc.internal', '" +
                           name + "', 'b', '[\"192.0.2.9\"]', 80)"));
  }
  for (const char* zone : {"Svc.internal", "svc.internal."}) {
    REQUIRE_THROWS(edited.plain.query(std::string("INSERT INTO service (zone, name) VALUES ('") + zone + "', 'web')"));
  }
}

TEST_CASE("a row that breaks a rule is skipped, named, and left where it is") {
  Edited edited;
  const auto [edit, words] = GENERATE(table<std::string, std::string>({
      {"addresses = '[\"0.0.0.0\"]'", "0.0.0.0"},
      {"addresses = '[17]'", "JSON array of strings"},
      {"tags = '[\"a b\"]'", "tags must be a DNS label"},
      {"meta = '{\"a\": 1}'", "JSON object of strings"},
      {"meta = json_object('a', printf('%1301c', 'x'))", "\"a\" has 1303"},
      {"meta = json_object('a', '1', 'A', '2')", "\"A\" twice"},
  }));
  CAPTURE(edit);
  edited.plain.query(
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'web', 'good', '[\"192.0.2.9\"]', 80)");
  edited.plain.query("UPDATE instance SET " + edit + " WHERE id = 'a'");

  const registry::Restored restored = edited.restored();
  REQUIRE(restored.instances.size() == 1);
  REQUIRE(restored.instances[0].registration.key.id == "good");
  REQUIRE(edited.store->skipped().count == 1);
  const std::string& sentence = edited.store->skipped().sentences.at(0);
  CAPTURE(sentence);
  REQUIRE(sentence.contains("/a in zone svc.internal: "));
  REQUIRE(sentence.contains(words));
  REQUIRE(ids(edited.plain) == std::vector<std::string>{"a", "good"});
}

TEST_CASE("many skipped rows are all counted, and the first thousand are named") {
  Edited edited;
  edited.plain.query(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1250)"
      " INSERT INTO instance (zone, service, id, addresses, port)"
      " SELECT 'svc.internal', 'web', 'bad-' || i, '[\"nowhere\"]', 80 FROM n");
  REQUIRE(edited.restored().instances.size() == 1);
  REQUIRE(edited.store->skipped().count == 1250);
  REQUIRE(edited.store->skipped().sentences.size() == SkippedRows::k_sentences_max);
  edited.plain.query("DELETE FROM instance WHERE id LIKE 'bad-%'");
  REQUIRE(edited.restored().instances.size() == 1);
  REQUIRE(edited.store->skipped().count == 0);
}

TEST_CASE("a service that is forgotten keeps its row while somebody's own instance stands in it") {
  Edited edited;
  edited.plain.query(
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'web', 'by-hand', '[\"192.0.2.9\"]', 80)");
  Batch batch;
  batch.remove({{k_svc, "web"}, "a"}).forget({k_svc, "web"});
  REQUIRE(edited.store->record(batch.get()));
  REQUIRE(ids(edited.plain) == std::vector<std::string>{"by-hand"});
  REQUIRE(edited.plain.value("SELECT count(*) FROM service") == "1");
}

TEST_CASE("a service that has instances is neither deleted nor renamed by hand") {
  Edited edited;
  REQUIRE_THROWS_WITH(edited.plain.query("DELETE FROM service"), "the service has instances: delete them first");
  REQUIRE_THROWS_WITH(edited.plain.query("UPDATE service SET name = 'shop'"),
                      "a service is not renamed: change zone or service of its instances");
  edited.plain.query("DELETE FROM instance; DELETE FROM service");
  REQUIRE(edited.restored().services.empty());
}

TEST_CASE("an instance that moves to another service by hand brings it along") {
  Edited edited;
  edited.plain.query("UPDATE instance SET service = 'shop'");
  REQUIRE(edited.plain.query("SELECT name FROM service ORDER BY name") == std::vector<std::string>{"shop", "web"});
  REQUIRE(edited.plain.query("PRAGMA foreign_key_check").empty());
}

TEST_CASE("the counts are Rollcall's own") {
  Edited edited;
  for (const char* edit : {"DELETE FROM roll", "UPDATE roll SET change_index = change_index - 1",
                           "UPDATE instance SET change_index = 9", "UPDATE service SET change_index = 9",
                           "INSERT INTO service (zone, name, change_index) VALUES ('svc.internal', 'shop', 9)",
                           "INSERT INTO instance (zone, service, id, addresses, port, change_index)"
                           " VALUES ('svc.internal', 'web', 'b', '[\"192.0.2.1\"]', 80, 9)"}) {
    CAPTURE(edit);
    REQUIRE_THROWS(edited.plain.query(edit));
  }
}

TEST_CASE("numbers that somebody has set far ahead are not counted on from") {
  Edited edited;
  edited.plain.query(
      "UPDATE roll SET change_index = 9223372036854775807, event_id = 9223372036854775807;"
      "UPDATE instance SET change_index = 9223372036854775807;"
      "UPDATE service SET change_index = 9223372036854775807");
  const registry::Restored restored = edited.restored();
  CHECK(restored.index == 0);
  CHECK(restored.last_event == 0);
  CHECK(restored.services.at(0).index == 0);
  CHECK(restored.instances.at(0).index == 0);
  Batch batch;
  batch.service(service_record("web", 7)).instance(instance_record("web", "a", 7));
  REQUIRE(edited.store->record(batch.get()));
  CHECK(edited.plain.value("SELECT change_index FROM roll") == "7");
}

TEST_CASE("a row at a higher index than was ever given out is at none") {
  Edited edited;
  edited.plain.query("DROP TRIGGER instance_counts; UPDATE instance SET change_index = 2");
  CHECK(edited.restored().instances.at(0).index == 0);
  edited.plain.query("UPDATE instance SET change_index = 1");
  CHECK(edited.restored().instances.at(0).index == 1);
}

TEST_CASE("a service of which anything was changed while nobody looked is at no index that anybody knows") {
  Edited edited;
  Batch batch;
  batch.service(service_record("db", 2)).instance(instance_record("db", "x", 2));
  batch.service(service_record("shop", 3)).instance(instance_record("shop", "y", 3));
  REQUIRE(edited.store->record(batch.get()));
  const std::vector<std::string> edits{
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'db', 'z', '[\"192.0.2.1\"]', 80)",
      "UPDATE instance SET port = 81 WHERE id = 'x'", "DELETE FROM instance WHERE id = 'z'"};
  for (const std::string& edit : edits) {
    CAPTURE(edit);
    edited.plain.query(edit);
    const registry::Restored restored = edited.restored();
    REQUIRE(restored.services.size() == 3);
    CHECK(restored.services[0].index == 0);
    CHECK(restored.services[1].index == 3);
    CHECK(restored.services[2].index == 1);
    CHECK(edited.restored().services.at(0).index == 2);  // once: it is known now
  }
}

TEST_CASE("a note of an edit with the highest number there is does not hide the edits after it") {
  Edited edited;
  edited.plain.query(
      "INSERT INTO edit (number, zone, service, id) VALUES (9223372036854775807, 'svc.internal', 'nobody', 'x');"
      "UPDATE instance SET port = 81");
  CHECK(edited.restored().instances.size() == 1);
  CHECK(edited.plain.value("SELECT count(*) FROM edit") == "2");  // SQLite has made up the number of the second
  const auto rows = edited.store->begin_edits(10);
  REQUIRE(rows);
  std::vector<RowKey> keys;
  for (const EditedRow& row : *rows) keys.push_back(row.key);
  CHECK(keys.size() == 2);
  REQUIRE(edited.store->end_edits(keys));
  CHECK_FALSE(edited.store->is_edited());
  CHECK(edited.plain.value("SELECT count(*) FROM edit") == "0");
}

TEST_CASE("times that no calendar has are restored as times that one has") {
  Edited edited;
  edited.plain.query(
      "UPDATE instance SET registered_at_ms = 9223372036854775807, status_since_ms = -9223372036854775808;"
      "INSERT INTO service (zone, name, emptied_at_ms) VALUES ('svc.internal', 'a', -9223372036854775808);"
      "INSERT INTO service (zone, name, emptied_at_ms) VALUES ('svc.internal', 'b', 9223372036854775807)");
  const registry::Restored restored = edited.restored();
  REQUIRE(restored.instances.size() == 1);
  const registry::WallTime last{limits::k_stored_time_max};
  CHECK(restored.instances[0].registered_at == last);
  CHECK(restored.instances[0].standing.since == registry::WallTime());
  REQUIRE(restored.services.size() == 3);
  CHECK(restored.services[0].emptied_at == registry::WallTime());
  CHECK(restored.services[1].emptied_at == last);
}

TEST_CASE("rows past every rule of the tables are skipped, and stop nothing") {
  Edited edited;
  edited.plain.query("PRAGMA ignore_check_constraints = ON");
  for (const char* values :
       {"'svc.internal', 'web', 'b', '[\"192.0.2.1\"]', 9223372036854775807, 15000",
        "'svc.internal', 'web', 'c', '[\"192.0.2.1\"]', 80, -9223372036854775808",
        "'svc.internal', 'web', 'd', CAST(x'00ff' AS TEXT), 80, 15000",
        "'svc.internal', CAST(x'00' AS TEXT), 'e', '[\"192.0.2.1\"]', 80, 15000", "'svc.internal', '', '', '', 0, 0",
        "'', '', '', '', 0, 0", "'svc.internal.', 'web', 'a', '[\"192.0.2.1\"]', 80, 15000"}) {
    CAPTURE(values);
    edited.plain.query(std::string("INSERT INTO instance (zone, service, id, addresses, port, ttl_ms) VALUES (") +
                       values + ")");
  }
  CHECK(edited.restored().instances.size() == 1);
  Batch batch;
  batch.service(service_record("web", 2)).instance(instance_record("web", "a", 2));
  CHECK(edited.store->record(batch.get()));
}

TEST_CASE("an instance without its service is still restored, and can be recorded again") {
  Edited edited;
  edited.plain.query("DROP TRIGGER service_is_needed; DELETE FROM service");
  REQUIRE(edited.restored().instances.size() == 1);
  Batch batch;
  batch.service(service_record("web", 2)).instance(instance_record("web", "a", 2));
  REQUIRE(edited.store->record(batch.get()));
  REQUIRE(edited.restored().services.size() == 1);
}

}  // namespace rollcall::store
