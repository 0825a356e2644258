// The roll of a cluster in the database of one of its nodes.
#include <span>

#include "catch.h"
#include "registry/ports/storage.h"
#include "store/database.h"
#include "store/history_table.h"
#include "store/instance_store.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

using registry::StorageMode;
using Rows = std::vector<std::string>;

const registry::ReplicaPlace k_here{"c0ffee", "7", 12, "a/1", "x1"};

registry::DurableChange followed(std::string service, std::string id, registry::ChangeIndex index,
                                 std::uint16_t port = 8080) {
  registry::InstanceRecord record = instance_record(std::move(service), std::move(id), index);
  record.registration.port = port;
  registry::DurableChange change;
  change.event = {.id = index << 20U | 1,
                  .at = wall(1'700'000'100),
                  .key = record.registration.key,
                  .kind = registry::EventKind::registered,
                  .cause = registry::Cause::registered,
                  .by = "192.0.2.7",
                  .index = index};
  change.present.emplace(record.registration, record.standing, record.registered_at);
  return change;
}

registry::DurableChange followed_end(std::string service, std::string id, registry::ChangeIndex index) {
  registry::DurableChange change = followed(std::move(service), std::move(id), index);
  change.event.kind = registry::EventKind::expired;
  change.event.cause = registry::Cause::lease_ended;
  change.present.reset();
  return change;
}

struct Node {
  TemporaryDirectory directory;
  TwoZones zones;
  std::unique_ptr<InstanceStore> store = open();
  Plain plain{directory.database()};

  std::unique_ptr<InstanceStore> open(StorageMode mode = StorageMode::replica, const HistoryLimits& history = {}) {
    return std::move(*InstanceStore::open(directory.database(), zones, history, mode));
  }
  void restart(StorageMode mode = StorageMode::replica, const HistoryLimits& history = {}) {
    store.reset();
    store = open(mode, history);
  }
  Result<void> put(const std::vector<registry::DurableChange>& changes, const registry::ReplicaPlace& place = k_here) {
    return store->store(changes, place);
  }
  Rows instances() { return plain.query("SELECT service, id, port, change_index FROM instance ORDER BY service, id"); }
};

TEST_CASE("a replica keeps what was followed, and the place it has come to") {
  Node node;
  CHECK_FALSE(node.store->place().value());
  REQUIRE(node.put({followed("web", "a", 10), followed("web", "b", 12), followed("mail", "m", 12)}));
  CHECK(node.store->place().value() == k_here);
  CHECK(node.instances() == Rows{"mail|m|8080|12", "web|a|8080|10", "web|b|8080|12"});
  CHECK(node.plain.query("SELECT name, protocols, change_index FROM service") == Rows{"mail|tcp|12", "web|tcp|12"});
  CHECK(node.plain.value("SELECT change_index, event_id FROM roll") == "12|" + std::to_string((12 << 20) | 1));

  node.restart();
  CHECK(node.store->place().value() == k_here);
  const registry::Restored roll = node.store->restore().value();
  CHECK(roll.index == 12);
  CHECK(roll.last_event == (12U << 20U | 1));
  REQUIRE(roll.instances.size() == 3);
  CHECK(roll.instances[1].registration == followed("web", "a", 10).present->registration);
  CHECK(roll.instances[1].index == 10);
  CHECK(roll.instances[1].registered_at == wall(1'700'000'000));
}

TEST_CASE("a row that is stored again with the index it had moves the index of its service never back") {
  Node node;
  REQUIRE(node.put({followed("web", "b", 12)}));
  REQUIRE(node.put({followed("web", "a", 10)}));
  CHECK(node.instances() == Rows{"web|a|8080|10", "web|b|8080|12"});
  CHECK(node.plain.query("SELECT name, change_index FROM service") == Rows{"web|12"});
}

TEST_CASE("of several changes of one instance in one call the last is kept") {
  Node node;
  REQUIRE(node.put({followed("web", "a", 10, 80), followed_end("web", "a", 11), followed("web", "a", 12, 443),
                    followed("web", "b", 12), followed_end("web", "b", 13)}));
  CHECK(node.instances() == Rows{"web|a|443|12"});
  CHECK(node.plain.value("SELECT count(*) FROM event") == "4");  // 12 has two, of one number
}

TEST_CASE("a service is empty from when its last instance went, and has every protocol it had") {
  Node node;
  registry::DurableChange udp = followed("dns", "u", 10);
  udp.present->registration.protocol = registry::Protocol::udp;
  REQUIRE(node.put({udp}));
  REQUIRE(node.put({followed("dns", "t", 11)}));
  CHECK(node.plain.value("SELECT protocols, emptied_at_ms FROM service") == "tcp,udp|");
  REQUIRE(node.put({followed_end("dns", "u", 12)}));
  CHECK(node.plain.value("SELECT protocols, emptied_at_ms, change_index FROM service") == "tcp,udp||12");
  REQUIRE(node.put({followed_end("dns", "t", 13)}));
  CHECK(node.plain.value("SELECT emptied_at_ms, change_index FROM service") == "1700000100000|13");
  REQUIRE(node.put({followed("dns", "t", 14)}));
  CHECK(node.plain.value("SELECT protocols, emptied_at_ms FROM service") == "tcp,udp|");
}

TEST_CASE("a change without a number is no event, and a place can move alone") {
  Node node;
  registry::DurableChange quiet = followed("web", "a", 10);
  quiet.event.id = 0;
  REQUIRE(node.put({quiet}));
  CHECK(node.plain.value("SELECT count(*) FROM event") == "0");
  registry::ReplicaPlace later = k_here;
  later.applied_revision = 99;
  REQUIRE(node.put({}, later));
  CHECK(node.store->place().value() == later);
  CHECK(node.plain.value("SELECT change_index FROM roll") == "10");
}

TEST_CASE("a replica's commit does not wait for the disk, a single node's does") {
  const TemporaryDirectory directory;
  const auto synchronous = [&](StorageMode mode) {
    auto database = std::move(*Database::open(directory.database(), mode));
    return database->connection().execAndGet("PRAGMA synchronous").getInt();
  };
  CHECK(synchronous(StorageMode::replica) == 1);  // NORMAL
  CHECK(synchronous(StorageMode::own) == 2);      // FULL
}

TEST_CASE("while another program writes nothing of a call is stored, and the next call is whole") {
  Node node;
  REQUIRE(node.put({followed("web", "a", 10)}));
  node.plain.query("BEGIN IMMEDIATE");
  registry::ReplicaPlace later = k_here;
  later.applied_revision = 13;
  const auto refused = node.put({followed("web", "b", 13)}, later);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::store_busy);
  node.plain.query("COMMIT");
  CHECK(node.store->place().value() == k_here);
  CHECK(ids(node.plain) == Rows{"a"});
  REQUIRE(node.put({followed("web", "b", 13)}, later));
  CHECK(ids(node.plain) == Rows{"a", "b"});
  CHECK(node.store->place().value() == later);
}

TEST_CASE("a statement that fails in the middle leaves nothing of the call") {
  Node node;
  REQUIRE(node.put({followed("web", "a", 10)}));
  node.plain.query("ALTER TABLE replica RENAME TO away");
  CHECK_FALSE(node.put({followed("web", "b", 13)}));
  node.plain.query("ALTER TABLE away RENAME TO replica");
  CHECK(ids(node.plain) == Rows{"a"});
  CHECK(node.plain.value("SELECT change_index FROM roll") == "10");
  REQUIRE(node.put({followed("web", "b", 13)}));
  CHECK(ids(node.plain) == Rows{"a", "b"});
}

TEST_CASE("the roll of a single node has no place, and anything the cluster has is newer than its rows") {
  Node node;
  node.restart(StorageMode::own);
  Batch batch;
  batch.service(service_record("web", 500)).instance(instance_record("web", "a", 500));
  REQUIRE(node.store->record(batch.get()));
  node.restart(StorageMode::replica);
  CHECK_FALSE(node.store->place().value());
  const registry::Restored roll = node.store->restore().value();
  REQUIRE(roll.instances.size() == 1);
  CHECK(roll.index == 500);
  CHECK(roll.instances.front().index == 1);
  CHECK(roll.services.front().index == 1);
}

TEST_CASE("a single node goes on from a replica, and its first write ends that") {
  Node node;
  REQUIRE(node.put({followed("web", "a", 10)}));
  node.restart(StorageMode::own);
  CHECK_FALSE(node.store->place().value());
  CHECK(node.plain.value("SELECT count(*) FROM replica") == "1");
  const registry::Restored roll = node.store->restore().value();
  REQUIRE(roll.instances.size() == 1);
  CHECK(roll.instances.front().index == 10);
  node.store->go_on_after(roll.index, roll.last_event);
  Batch batch;
  batch.service(service_record("web", 11)).instance(instance_record("web", "b", 11));
  REQUIRE(node.store->record(batch.get()));
  CHECK(node.plain.value("SELECT count(*) FROM replica") == "0");
  CHECK(ids(node.plain) == Rows{"a", "b"});
}

TEST_CASE("a single node's roll is read with all that a cluster is given of it") {
  Node node;
  node.restart(StorageMode::own);
  registry::InstanceRecord record = instance_record("web", "a", 7);
  record.standing = registry::Standing(registry::Status::draining, wall(1'700'000'050));
  Batch batch;
  batch.service(service_record("web", 7)).instance(record);
  for (registry::EventId id = 1; id <= 3; ++id) {
    batch.get().events.push_back(std::make_shared<registry::Event>(
        registry::Event{.at = wall(1'700'000'000), .key = record.registration.key, .index = 7}));
  }
  REQUIRE(node.store->record(batch.get()));
  node.restart(StorageMode::own);
  const registry::Restored roll = node.store->restore().value();
  CHECK(roll.index == 7);
  CHECK(roll.last_event == 3);
  REQUIRE(roll.instances.size() == 1);
  CHECK(roll.instances.front().registered_at == wall(1'700'000'000));
  CHECK(roll.instances.front().standing == record.standing);
  CHECK(roll.instances.front().registration == record.registration);
  CHECK(roll.services.front().protocols == registry::to_set(registry::Protocol::tcp));
}

TEST_CASE("a row edited while no server ran is not taken for the cluster's") {
  Node node;
  REQUIRE(node.put({followed("web", "a", 10), followed("web", "b", 11), followed("web", "c", 12)}));
  node.store.reset();
  node.plain.query("UPDATE instance SET port = 99 WHERE id = 'a'");
  node.plain.query("DELETE FROM instance WHERE id = 'b'");
  node.plain.query(
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'web', 'new', '[\"192.0.2.9\"]', 80)");
  node.plain.query(
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('svc.internal', 'fresh', 'new', '[\"192.0.2.9\"]', 80)");
  node.store = node.open();
  CHECK(node.store->place().value()->applied_revision == 12);
  CHECK_FALSE(node.store->place().value()->is_whole);  // everything is to be read
  const registry::Restored roll = node.store->restore().value();
  REQUIRE(roll.instances.size() == 2);
  CHECK(roll.instances[0].registration.key.id == "a");
  CHECK(roll.instances[0].index == 1);
  CHECK(roll.instances[1].registration.key.id == "c");
  CHECK(roll.instances[1].index == 12);
  CHECK(roll.services.size() == 1);  // not "fresh", which the cluster does not know
  REQUIRE(node.put({followed("web", "a", 10), followed("web", "b", 11)}));
  CHECK(node.store->place().value() == k_here);
}

TEST_CASE("the history of a cluster is cut by rows, however far apart its numbers are") {
  Node node;
  node.restart(StorageMode::replica, {.rows = 100, .age = std::chrono::hours(24 * 365 * 100)});
  for (registry::ChangeIndex index = 1; index <= 300; ++index) {
    REQUIRE(node.put({followed("web", "a", index * 1'000)}));
  }
  const int rows = std::stoi(node.plain.value("SELECT count(*) FROM event"));
  CHECK(rows >= 100);
  CHECK(rows <= 111);
  CHECK(node.plain.value("SELECT max(id) >> 20 FROM event") == "300000");
  HistoryTable history(node.directory.database(), node.zones, StorageMode::replica);
  CHECK(history.size() == static_cast<std::uint64_t>(rows));
  const registry::HistoryPage page =
      history.read({.what = {}, .id = {}, .after = registry::EventId{299'000} << 20U, .limit = 10});
  CHECK(page.events.size() == 2);
  CHECK(page.upto == (registry::EventId{300'000} << 20U | 1U));
}

TEST_CASE("the journal of a replica writes no rows: it forgets services that this node has forgotten") {
  Node node;
  REQUIRE(node.put({followed("web", "a", 10), followed("mail", "m", 10)}));
  REQUIRE(node.put({followed_end("mail", "m", 11)}));
  Batch batch;
  batch.instance(instance_record("web", "b", 12)).forget({k_svc, "mail"}).forget({k_svc, "web"});
  REQUIRE(node.store->record(batch.get()));
  CHECK(ids(node.plain) == Rows{"a"});
  CHECK(node.plain.query("SELECT name FROM service") == Rows{"web"});
  CHECK(node.plain.value("SELECT change_index FROM roll") == "11");
}

}  // namespace
}  // namespace rollcall::store
