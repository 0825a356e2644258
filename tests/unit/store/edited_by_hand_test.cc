// What becomes of rows that people have edited with sqlite3 (docs/database.md).
#include "base/limits.h"
#include "catch.h"
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
          std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "é"}});
}

TEST_CASE("the tables refuse what could not be a registration") {
  Edited edited;
  for (const char* edit : {"port = 0",
                           "port = 65536",
                           "port = 'http'",
                           "port = NULL",
                           "weight = -1",
                           "priority = 65536",
                           "protocol = 'sctp'",
                           "status = 'up'",
                           "ttl_ms = 999",
                           "ttl_ms = 86400001",
                           "addresses = '192.0.2.1'",
                           "addresses = '[]'",
                           "tags = '{}'",
                           "tags = 'blue'",
                           "meta = '[]'",
                           "id = ''",
                           "id = 'a b'",
                           "id = 'a/b'",
                           "service = 'Web'",
                           "change_index = -1"}) {
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
      {"meta = json_object('a', printf('%1301c', 'x'))", "meta must be at most"},
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

TEST_CASE("many skipped rows are all counted, and the first hundred are named") {
  Edited edited;
  edited.plain.query(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)"
      " INSERT INTO instance (zone, service, id, addresses, port)"
      " SELECT 'svc.internal', 'web', 'bad-' || i, '[\"nowhere\"]', 80 FROM n");
  REQUIRE(edited.restored().instances.size() == 1);
  REQUIRE(edited.store->skipped().count == 250);
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
