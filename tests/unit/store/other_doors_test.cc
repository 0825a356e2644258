// Rows of instances that the native API could not make: stored and read back, and put in by hand.
#include "catch.h"
#include "store/instance_store.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

using registry::Door;
using registry::LeaseKind;

struct StoredRows {
  TemporaryDirectory directory;
  TwoZones zones;
  std::unique_ptr<InstanceStore> store = std::move(*InstanceStore::open(directory.database(), zones));
  Plain plain{directory.database()};

  registry::InstanceRecord kept(registry::InstanceRecord record) {
    Batch batch;
    batch.service(service_record("web")).instance(std::move(record));
    REQUIRE(store->record(batch.get()));
    return read();
  }
  registry::InstanceRecord read() {
    const registry::Restored restored = std::move(*store->restore());
    REQUIRE(restored.instances.size() == 1);
    return restored.instances[0];
  }
};

registry::InstanceRecord of_a_door() {
  registry::InstanceRecord record = instance_record("web", "host:web/80");
  registry::Registration& asked = record.registration;
  asked.door = Door::consul;
  asked.addresses.clear();
  asked.host = "db.example.net";
  asked.port = 0;
  asked.tags = {"Any text, even this", "traefik.enable=true"};
  asked.meta = {{"k=", std::string(1'000, 'v')}};
  asked.attributes = R"({"Node":"n1","Weights":{"Passing":1}})";
  asked.ttl = std::chrono::milliseconds(200);
  asked.lease = LeaseKind::turns_critical;
  asked.lease_check = "service:web";
  record.standing.checks = {{.id = "service:web",
                             .name = "Service 'web' check",
                             .kind = health::CheckKind::ttl,
                             .status = health::CheckStatus::critical,
                             .since = wall(1'700'000'100),
                             .output = "no \"pass\"",
                             .ends_after = std::chrono::minutes(1)},
                            {.id = "other", .status = health::CheckStatus::warning}};
  record.standing.checks[1].kind = health::CheckKind::run;
  return record;
}

}  // namespace

TEST_CASE("an instance of another door comes back with all it has") {
  StoredRows place;
  const registry::InstanceRecord made = of_a_door();
  const registry::InstanceRecord read = place.kept(made);
  CHECK(read.registration == made.registration);
  CHECK(read.standing == made.standing);
  CHECK(read.stored_at > wall(1'700'000'000));
  CHECK(place.plain.value("SELECT status FROM instance") == "critical");
  CHECK(place.plain.value("SELECT critical_since_ms FROM instance") == "1700000100000");
  CHECK(place.plain.value("SELECT port IS NULL FROM instance") == "1");
  CHECK(place.plain.value("PRAGMA integrity_check") == "ok");
}

TEST_CASE("an instance without a lease comes back without one") {
  StoredRows place;
  registry::InstanceRecord made = instance_record("web", "a");
  made.registration.lease = LeaseKind::none;
  made.registration.ttl = {};
  CHECK(place.kept(made).registration == made.registration);
  CHECK(place.plain.value("SELECT ttl_ms IS NULL FROM instance") == "1");
}

TEST_CASE("a drained instance whose checks of both kinds are critical comes back as it stood") {
  StoredRows place;
  registry::InstanceRecord made = of_a_door();
  made.registration.health = {};
  made.standing.is_draining = true;
  made.standing.since = wall(1'700'000'200);
  CHECK(place.kept(made).standing == made.standing);
  CHECK(place.plain.value("SELECT status FROM instance") == "draining");
}

TEST_CASE("by hand, a lease, a port and the status of named checks are taken away and given") {
  StoredRows place;
  place.kept(of_a_door());
  place.plain.query("UPDATE instance SET status = 'ready', ttl_ms = NULL, port = 80");
  registry::InstanceRecord read = place.read();
  CHECK(read.registration.lease == LeaseKind::none);
  CHECK(read.registration.lease_check.empty());
  CHECK(read.registration.port == 80);
  CHECK(read.standing.status() == registry::Status::ready);
  place.plain.query("UPDATE instance SET status = 'critical', results = '[]', ttl_ms = 5000, lease = 'ends'");
  read = place.read();
  CHECK(read.registration.lease == LeaseKind::ends_instance);
  CHECK(read.standing.is_critical());
  CHECK(read.standing.output().empty());
}

TEST_CASE("a static instance is put in by hand with a NULL") {
  StoredRows place;
  place.plain.query(
      "INSERT INTO instance (zone, service, id, addresses, ttl_ms)"
      " VALUES ('svc.internal', 'printer', 'cellar', '[\"192.0.2.18\"]', NULL)");
  const registry::InstanceRecord read = place.read();
  CHECK(read.registration.lease == LeaseKind::none);
  CHECK(read.registration.port == 0);
  CHECK(read.registration.door == Door::native);
}

TEST_CASE("what is free for other doors is not for the native one, and what is none is refused or ignored") {
  StoredRows place;
  const auto insert = [&](const std::string& columns, const std::string& values) {
    place.plain.query("INSERT INTO instance (zone, service, id, " + columns + ") VALUES ('svc.internal', 'web', " +
                      values + ")");
  };
  REQUIRE_THROWS(insert("addresses", "'a/b', '[\"192.0.2.1\"]'"));
  REQUIRE_THROWS(insert("addresses", "'a', '[]'"));
  REQUIRE_THROWS(insert("addresses, lease", "'a', '[\"192.0.2.1\"]', 'often'"));
  REQUIRE_THROWS(insert("addresses, results", "'a', '[\"192.0.2.1\"]', '{}'"));
  insert("addresses, tags", "'tag', '[\"192.0.2.1\"]', '[\"no.label\"]'");
  insert("addresses, door", "'door', '[\"192.0.2.1\"]', 'gopher'");
  insert("addresses, host", "'host', '[\"192.0.2.1\"]', 'a.example'");
  insert("addresses, lease", "'lease', '[\"192.0.2.1\"]', 'critical'");
  insert("addresses, results", "'results', '[\"192.0.2.1\"]', '[{\"id\":\"a\"}]'");
  insert("addresses, door, tags", "'fine', '[]', 'eureka', '[\"no.label\"]'");
  CHECK(place.read().registration.key.id == "fine");
}

}  // namespace rollcall::store
