// What the server asks of an instance is one column of its row, as JSON.
#include <string>

#include "catch.h"
#include "health/plan_json.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

constexpr const char* k_put = R"sql(
INSERT INTO instance (zone, service, id, addresses, port, checks)
  VALUES ('svc.internal', 'db', 'one', '["192.0.2.5"]', 5432, ?))sql";

struct ChecksWorld {
  TemporaryDirectory directory;
  TwoZones zones;
  std::unique_ptr<InstanceStore> store = open();

  std::unique_ptr<InstanceStore> open() {
    auto opened = InstanceStore::open(directory.database(), zones);
    REQUIRE(opened);
    return std::move(*opened);
  }
  void reopen() {
    store.reset();
    store = open();
  }
  registry::Restored restored() {
    auto all = store->restore();
    REQUIRE(all);
    return std::move(*all);
  }
  // As somebody with sqlite3 would.
  bool put_by_hand(const std::string& checks) {
    sqlite3* plain = nullptr;
    sqlite3_open(directory.database().c_str(), &plain);
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(plain, k_put, -1, &statement, nullptr);
    sqlite3_bind_text(statement, 1, checks.c_str(), -1, SQLITE_TRANSIENT);
    const bool done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    sqlite3_close(plain);
    return done;
  }
};

TEST_CASE("a health plan survives a restart, and so does its absence") {
  ChecksWorld world;
  const auto plan = health::parse_plan(
      R"({"checks":[{"type":"http","path":"/\"up\"","expect_status":["2xx",304]},{"type":"dns","name":"a.example"}],
          "probe":"tcp","evict_on_refusal":true,"renew_on_probe":true,"initial":"critical","rise":2})");
  REQUIRE(plan);
  registry::Transaction transaction;
  registry::InstanceRecord checked;
  checked.registration.key = {{k_svc, "web"}, "a"};
  checked.registration.addresses = {*IpAddress::parse("192.0.2.1")};
  checked.registration.port = 80;
  checked.registration.ttl = limits::k_lease_default;
  checked.registration.health = *plan;
  registry::InstanceRecord plain = checked;
  plain.registration.key.id = "b";
  plain.registration.health = {};
  transaction.services.push_back({{k_svc, "web"}, 1, 1, std::nullopt});
  transaction.instances = {&checked, &plain};
  REQUIRE(world.store->record(transaction));
  world.reopen();
  const registry::Restored restored = world.restored();
  REQUIRE(restored.instances.size() == 2);
  CHECK(restored.instances[0].registration == checked.registration);
  CHECK(restored.instances[1].registration == plain.registration);
}

TEST_CASE("a plan may be written by hand, in any form of JSON") {
  ChecksWorld world;
  REQUIRE(world.put_by_hand(R"( { "checks" : [ { "type": "tcp" } ] } )"));
  const registry::Restored restored = world.restored();
  REQUIRE(restored.instances.size() == 1);
  CHECK(restored.instances[0].registration.health.has_checks());
}

TEST_CASE("a row whose plan breaks a rule is skipped, and the field is named") {
  ChecksWorld world;
  REQUIRE(world.put_by_hand(R"({"checks":[{"type":"tcp","interval":"1ms"}]})"));
  CHECK(world.restored().instances.empty());
  REQUIRE(world.store->skipped().count == 1);
  CHECK(world.store->skipped().sentences[0].find("checks[0].interval") != std::string::npos);
}

TEST_CASE("the table refuses a plan that is no JSON object") {
  ChecksWorld world;
  CHECK_FALSE(world.put_by_hand("[]"));
  CHECK_FALSE(world.put_by_hand("tcp"));
}

}  // namespace
}  // namespace rollcall::store
