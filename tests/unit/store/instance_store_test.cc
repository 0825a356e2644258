#include "store/instance_store.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "catch.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

using registry::InstanceRecord;
using registry::Protocol;
using registry::Restored;
using registry::ServiceRecord;
using registry::Status;

struct Fixture {
  TemporaryDirectory directory;
  TwoZones zones;
  std::unique_ptr<InstanceStore> store = open();

  std::unique_ptr<InstanceStore> open() {
    auto opened = InstanceStore::open(directory.database(), zones);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  void reopen() {
    store.reset();
    store = open();
  }
  void record(Batch& batch) {
    const auto recorded = store->record(batch.get());
    if (!recorded) throw std::runtime_error(recorded.error().message);
  }
  Restored restored() {
    auto restored = store->restore();
    if (!restored) throw std::runtime_error(restored.error().message);
    return std::move(*restored);
  }
};

void require_equal(const InstanceRecord& left, const InstanceRecord& right) {
  REQUIRE(left.registration == right.registration);
  REQUIRE(left.standing == right.standing);
  REQUIRE(left.index == right.index);
  REQUIRE(left.registered_at == right.registered_at);
}

InstanceRecord extreme_instance() {
  InstanceRecord record = instance_record(std::string(63, 'a'), std::string("π≠∞-") + std::string(124, 'x'));
  record.registration.addresses = {*IpAddress::parse("2001:db8::ff"), *IpAddress::parse("192.0.2.254")};
  for (int i = 0; i < 30; ++i) {
    record.registration.addresses.push_back(*IpAddress::parse("2001:db8::1:" + std::to_string(i)));
  }
  record.registration.port = 65535;
  record.registration.protocol = Protocol::udp;
  record.registration.priority = 65535;
  record.registration.weight = 0;
  for (int i = 10; i < 74; ++i) record.registration.tags.push_back("tag-" + std::to_string(i));
  record.registration.meta = {{"\"quoted\\", std::string("line\nbreak\0nul\x1f", 15)},
                              {"empty", ""},
                              {"utf-8", "grüße 😀"},
                              {"wide", std::string(250, 'm')}};
  record.registration.ttl = limits::k_lease_max;
  record.standing = Status::draining;
  record.index = 9'007'199'254'740'993;
  record.registered_at = registry::WallTime(std::chrono::milliseconds(1'700'000'000'123));
  return record;
}

}  // namespace

TEST_CASE("a new database holds nothing, and its index is zero") {
  Fixture fixture;
  const Restored restored = fixture.restored();
  REQUIRE(restored.index == 0);
  REQUIRE(restored.services.empty());
  REQUIRE(restored.instances.empty());
}

TEST_CASE("every field of an instance comes back after a restart, at its extremes too") {
  Fixture fixture;
  const InstanceRecord extreme = extreme_instance();
  InstanceRecord least = instance_record("zz", "i");
  least.registration.port = 1;
  least.registration.priority = 0;
  least.registration.ttl = limits::k_lease_min;
  least.standing = Status::critical;
  least.registered_at = wall(0);
  fixture.record(Batch()
                     .service(service_record(extreme.registration.key.service.name))
                     .service(service_record("zz"))
                     .instance(extreme)
                     .instance(least));
  fixture.reopen();

  const Restored restored = fixture.restored();
  REQUIRE(fixture.store->skipped().count == 0);
  REQUIRE(restored.instances.size() == 2);
  require_equal(restored.instances[0], extreme);
  require_equal(restored.instances[1], least);
  REQUIRE(restored.index == extreme.index);
  // The CHECKs of the tables are off where this was written: they hold all the same.
  Plain plain(fixture.directory.database());
  REQUIRE(plain.value("PRAGMA integrity_check") == "ok");
}

TEST_CASE("every field of a service comes back after a restart") {
  Fixture fixture;
  ServiceRecord emptied = service_record("emptied", 7);
  emptied.protocols = registry::to_set(Protocol::tcp) | registry::to_set(Protocol::udp);
  emptied.emptied_at = wall(1'700'000'001);
  fixture.record(Batch().service(emptied).service(service_record("full", 8, k_other)).index(8));
  fixture.reopen();

  const Restored restored = fixture.restored();
  REQUIRE(restored.services.size() == 2);
  const ServiceRecord& full = restored.services[0];
  REQUIRE(full.key == registry::ServiceKey{k_other, "full"});
  REQUIRE(full.index == 8);
  REQUIRE(full.protocols == registry::to_set(Protocol::tcp));
  REQUIRE_FALSE(full.emptied_at);
  REQUIRE(restored.services[1].key == registry::ServiceKey{k_svc, "emptied"});
  REQUIRE(restored.services[1].index == 7);
  REQUIRE(restored.services[1].protocols == emptied.protocols);
  REQUIRE(restored.services[1].emptied_at == emptied.emptied_at);
}

TEST_CASE("an instance recorded again replaces all of the earlier one") {
  Fixture fixture;
  InstanceRecord first = instance_record("web", "a");
  first.registration.tags = {"blue"};
  first.registration.meta = {{"version", "1"}};
  fixture.record(Batch().service(service_record("web")).instance(first));
  const InstanceRecord second = instance_record("web", "a", 2);
  fixture.record(Batch().service(service_record("web", 2)).instance(second));

  const Restored restored = fixture.restored();
  REQUIRE(restored.instances.size() == 1);
  require_equal(restored.instances[0], second);
}

TEST_CASE("a removal and a registration of one instance in one transaction leave the instance") {
  Fixture fixture;
  fixture.record(Batch().service(service_record("web")).instance(instance_record("web", "a")));
  fixture.record(
      Batch().remove({{k_svc, "web"}, "a"}).service(service_record("web", 2)).instance(instance_record("web", "a", 2)));
  const Restored restored = fixture.restored();
  REQUIRE(restored.instances.size() == 1);
  REQUIRE(restored.instances[0].index == 2);
}

TEST_CASE("a removal of what is not there is no failure") {
  Fixture fixture;
  fixture.record(Batch().remove({{k_svc, "web"}, "a"}).forget({k_svc, "web"}));
  REQUIRE(fixture.restored().services.empty());
}

TEST_CASE("a service whose last instance goes can be forgotten in the same transaction") {
  Fixture fixture;
  fixture.record(Batch().service(service_record("web")).instance(instance_record("web", "a")));
  fixture.record(Batch().remove({{k_svc, "web"}, "a"}).service(service_record("web", 2)).forget({k_svc, "web"}));
  const Restored restored = fixture.restored();
  REQUIRE(restored.services.empty());
  REQUIRE(restored.instances.empty());
}

TEST_CASE("the index survives the services that had it, and never goes back") {
  Fixture fixture;
  fixture.record(Batch().service(service_record("web", 41)).index(41));
  fixture.record(Batch().forget({k_svc, "web"}).index(42));
  fixture.record(Batch().index(5));
  fixture.reopen();
  REQUIRE(fixture.restored().index == 42);
}

TEST_CASE("the same names in two zones are two services") {
  Fixture fixture;
  fixture.record(Batch()
                     .service(service_record("web", 1, k_svc))
                     .service(service_record("web", 2, k_other))
                     .instance(instance_record("web", "a", 1, k_svc))
                     .instance(instance_record("web", "a", 2, k_other)));
  fixture.record(Batch().remove({{k_svc, "web"}, "a"}));
  const Restored restored = fixture.restored();
  REQUIRE(restored.services.size() == 2);
  REQUIRE(restored.instances.size() == 1);
  REQUIRE(restored.instances[0].registration.key.service.zone == k_other);
}

TEST_CASE("rows of a zone that is not served are left out and left alone") {
  Fixture fixture;
  Plain plain(fixture.directory.database());
  plain.query(
      "INSERT INTO instance (zone, service, id, addresses, port)"
      " VALUES ('gone.example', 'web', 'a', '[\"192.0.2.9\"]', 80)");
  const Restored restored = fixture.restored();
  REQUIRE(restored.services.empty());
  REQUIRE(restored.instances.empty());
  REQUIRE(fixture.store->skipped().count == 0);
  REQUIRE(plain.value("SELECT count(*) FROM instance") == "1");
}

TEST_CASE("the database is read by another connection while the store is open") {
  Fixture fixture;
  Plain plain(fixture.directory.database());
  fixture.record(Batch().service(service_record("web")).instance(instance_record("web", "a")));
  REQUIRE(
      plain.query("SELECT * FROM instance") ==
      std::vector<std::string>{
          R"(svc.internal|web|a|["192.0.2.1"]|8080|tcp|1|1|[]|{}|15000|ready|1700000000000|1|0||{}||[]|ends|||native|{})"});
  REQUIRE(plain.query("SELECT * FROM service") == std::vector<std::string>{"svc.internal|web|tcp||1|0"});
  REQUIRE(plain.query("SELECT one, change_index, event_id FROM roll") == std::vector<std::string>{"1|1|0"});
}

TEST_CASE("a large roll comes in parts, in order, and no service in two of them") {
  Fixture fixture;
  constexpr int k_services = 700;
  Batch batch;
  for (int s = 0; s < k_services; ++s) {
    const std::string name = "s" + std::to_string(s);
    batch.service(service_record(name));
    for (const char* id : {"a", "b", "c"}) batch.instance(instance_record(name, id));
  }
  for (int i = 0; i < 3'000; ++i) batch.instance(instance_record("s1", "more-" + std::to_string(i)));
  fixture.record(batch);
  std::set<registry::ServiceKey> seen;
  std::size_t parts = 0;
  std::size_t instances = 0;
  REQUIRE(fixture.store->restore([&](Restored part) -> std::vector<registry::Refused> {
    ++parts;
    instances += part.instances.size();
    REQUIRE(std::ranges::is_sorted(part.services, {}, &ServiceRecord::key));
    for (const ServiceRecord& record : part.services) REQUIRE(seen.insert(record.key).second);
    for (const InstanceRecord& record : part.instances) {
      REQUIRE(std::ranges::binary_search(part.services, record.registration.key.service, {}, &ServiceRecord::key));
    }
    return {};
  }));
  REQUIRE(parts > 2);
  REQUIRE(seen.size() == k_services);
  REQUIRE(instances == 3 * k_services + 3'000);
}

TEST_CASE("an empty roll comes in one part") {
  Fixture fixture;
  std::size_t parts = 0;
  REQUIRE(fixture.store->restore([&](const Restored& part) -> std::vector<registry::Refused> {
    ++parts;
    REQUIRE(part.instances.empty());
    return {};
  }));
  REQUIRE(parts == 1);
}

}  // namespace rollcall::store
