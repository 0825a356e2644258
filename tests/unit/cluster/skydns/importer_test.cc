// The importer over a store in memory: records come and go, and the roll follows.
#include "cluster/skydns/importer.h"

#include "catch.h"
#include "unit/cluster/roll/store_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;

const std::string k_imported = "/skydns/internal/svc/web/x1";
const std::string k_imported_value = R"({"host":"192.0.2.1","port":80})";

struct ImporterWorld : StoreWorld {
  explicit ImporterWorld(bool mirrors = false) : importer(make(mirrors)) {}

  registry::testing::World roll;
  ZoneBases bases;
  std::shared_ptr<Importer> importer;
  Importer::Time now{};

  std::shared_ptr<Importer> make(bool mirrors, const std::string& node = "n1") {
    return std::make_shared<Importer>(
        *engine, *engine, keys, zones, bases, roll.registry,
        Importer::Options{.prefix = "/skydns", .cluster = "lab", .node = node, .bounds = {}, .mirrors = mirrors});
  }
  void run(int ticks = 12, bool is_active = true) {
    for (int i = 0; i < ticks; ++i) {
      now += std::chrono::milliseconds(400);
      importer->tick(is_active, now);
      pass(std::chrono::milliseconds(400));
    }
  }
  [[nodiscard]] std::string why_not(const std::string& record) const {
    const std::vector<KeyValue> found = store.read(Range{keys.import(record), {}});
    if (found.empty()) return "no mark";
    return read_import(found.front().value)->why_not;
  }
};

TEST_CASE("a record is on the roll while it is there, also one that was there before") {
  ImporterWorld world;
  world.put(k_imported, k_imported_value);
  world.run(6, false);
  CHECK_FALSE(world.store.has(world.place("x1")));  // another member does it
  world.run();
  CHECK(world.store.has(world.place("x1")));
  CHECK(world.why_not(k_imported).empty());
  world.put("/skydns/internal/svc/web/x2", k_imported_value);
  world.put("/skydns/other/zone/x3", k_imported_value);
  world.run();
  CHECK(world.store.has(world.place("x2")));
  CHECK_FALSE(world.store.has(world.keys.import("/skydns/other/zone/x3")));
  world.erase(k_imported);
  world.run();
  CHECK_FALSE(world.store.has(world.place("x1")));
  CHECK_FALSE(world.store.has(world.keys.import(k_imported)));
  CHECK(world.store.has(world.place("x2")));
}

TEST_CASE("what breaks a rule is told, and taken up when it is mended") {
  ImporterWorld world;
  world.put(k_imported, R"({"host":"www.example.net","port":80})");
  world.run();
  CHECK_FALSE(world.store.has(world.place("x1")));
  CHECK_FALSE(world.why_not(k_imported).empty());
  world.put(k_imported, k_imported_value);
  world.run();
  CHECK(world.store.has(world.place("x1")));
  CHECK(world.why_not(k_imported).empty());
}

TEST_CASE("the roll's own instance stays, and the record takes its place when it has gone") {
  ImporterWorld world;
  const Revision own = world.put_instance("x1", R"(,"weight":9)");
  world.put(k_imported, k_imported_value);
  world.run();
  CHECK(world.store.changed(world.place("x1")) == own);
  CHECK_FALSE(world.why_not(k_imported).empty());
  world.erase(world.place("x1"));
  world.run();
  CHECK(world.store.has(world.place("x1")));
  CHECK(world.why_not(k_imported).empty());
}

TEST_CASE("what fails is read and tried again") {
  ImporterWorld world;
  world.put(k_imported, k_imported_value);
  ++world.link.requests_cut;
  world.run(20);
  CHECK_FALSE(world.store.has(world.place("x1")));
  world.link.requests_cut = 0;
  world.run(30);
  CHECK(world.store.has(world.place("x1")));
  // Events that were compacted away while nobody watched.
  world.engine->move_on();
  world.erase(k_imported);
  world.put("/skydns/internal/svc/web/x2", k_imported_value);
  world.store.compact(world.store.header().revision);
  world.run(40);
  CHECK_FALSE(world.store.has(world.place("x1")));
  CHECK(world.store.has(world.place("x2")));
}

TEST_CASE("the next member goes on where the one before has stopped") {
  ImporterWorld world;
  world.put(k_imported, k_imported_value);
  world.run();
  const Revision first = world.store.changed(world.place("x1"));
  world.importer = world.make(false, "n2");
  world.run();
  CHECK(world.store.changed(world.place("x1")) == first);  // nothing to be done
  world.erase(k_imported);
  world.run();
  CHECK_FALSE(world.store.has(world.place("x1")));
}

TEST_CASE("ready instances are mirrored as records, which are never read back nor put over another program's") {
  ImporterWorld world(true);
  world.put("/skydns/internal/svc/web/theirs", k_imported_value);
  world.run();
  REQUIRE(world.roll.add("web", "a"));
  REQUIRE(world.roll.add("web", "theirs"));
  world.importer->shown(registry::testing::k_a.service);
  world.run();
  const std::string mirrored = "/skydns/internal/svc/web/a";
  REQUIRE(world.store.has(mirrored));
  CHECK(world.store.read(Range{mirrored, {}}).front().value.contains(R"("rollcall":"lab")"));
  CHECK_FALSE(world.store.has(world.keys.import(mirrored)));
  CHECK(world.store.read(Range{"/skydns/internal/svc/web/theirs", {}}).front().value == k_imported_value);
  world.erase(mirrored);  // somebody takes it away
  world.run(20);
  CHECK(world.store.has(mirrored));
  REQUIRE(world.roll.remove("web", "a"));
  world.importer->shown(registry::testing::k_a.service);
  world.run(20);
  CHECK_FALSE(world.store.has(mirrored));
}

// A Consul's client may give a service any name.
registry::ServiceKey add_free(ImporterWorld& world, const std::string& service, const std::string& id) {
  registry::Registration asked = registry::testing::registration(service, id);
  asked.door = registry::Door::consul;
  REQUIRE(world.roll.apply(registry::Register{std::move(asked)}));
  registry::ServiceKey key{registry::ZoneId{0}, service};
  world.importer->shown(key);
  return key;
}

TEST_CASE("free names are mirrored below their labels, and never among the records of another service") {
  ImporterWorld world(true);
  world.run();
  REQUIRE(world.roll.add("a", "x1"));
  world.importer->shown(registry::testing::key("a", "x1").service);
  const registry::ServiceKey dotted = add_free(world, "a.b", "x2");
  add_free(world, "a/b", "x3");
  add_free(world, "my web", "x4");
  world.run(20);
  const std::string path = "/skydns/internal/svc/";
  const std::string derived = path + registry::service_label_of("a.b") + "/x2";
  CHECK(world.store.has(path + "a/x1"));
  CHECK(world.store.has(derived));
  CHECK(world.store.read(range_of_prefix(path)).size() == 2);
  const Revision settled = world.store.header().revision;
  world.run(20);
  CHECK(world.store.header().revision == settled);
  // The next member finds them all in their places, and mends what somebody takes away.
  world.importer = world.make(true, "n2");
  world.run(20);
  CHECK(world.store.header().revision == settled);
  world.erase(derived);
  world.run(20);
  CHECK(world.store.has(derived));
  REQUIRE(world.roll.remove("a.b", "x2"));
  world.importer->shown(dotted);
  world.run(20);
  CHECK_FALSE(world.store.has(derived));
}

TEST_CASE("records that an earlier release has put below raw names are taken away") {
  ImporterWorld world(true);
  const std::string path = "/skydns/internal/svc/";
  const std::string ours = R"({"host":"192.0.2.1","port":80,"rollcall":"lab"})";
  for (const char* key : {"a.b/x2", "a/b/x3", "my web/x4"}) world.put(path + key, ours);
  REQUIRE(world.roll.add("a", "x1"));
  add_free(world, "a.b", "x2");
  add_free(world, "my web", "x4");
  world.run(20);
  CHECK(world.store.read(range_of_prefix(path)).size() == 2);
  CHECK(world.store.has(path + "a/x1"));
  CHECK(world.store.has(path + registry::service_label_of("a.b") + "/x2"));
}

}  // namespace
}  // namespace rollcall::cluster
