#include "cluster/node/founding.h"

#include "catch.h"
#include "unit/cluster/roll/store_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using registry::testing::k_svc;

// Answers at once, on the calling thread.
class DirectEngine final : public Engine {
 public:
  explicit DirectEngine(MemoryStore& store) : store_(store) {}
  void read(Reading reading, std::function<void(Snapshot)> done) override {
    if (answers) done(store_.read(reading));
    if (!answers) done({});
  }
  void commit(Transaction transaction, std::function<void(Committed)> done) override {
    std::size_t octets = 0;
    for (const Put& put : transaction.puts) octets += put.value.size();
    largest = std::max(largest, octets);
    ++commits;
    if (commits == fails_at) return done({});
    if (before_commit) before_commit();
    done(store_.apply(transaction, 0));
  }
  void watch(std::string, Revision, std::weak_ptr<Watcher>) override {}
  void open_session(std::function<void(bool)> done, std::function<void()>) override { done(false); }
  void close_session(bool) override {}
  void look(std::function<void(EngineState)> done) override { done({}); }
  void move_on() override {}

  bool answers = true;
  int commits = 0;
  int fails_at = -1;
  std::size_t largest = 0;
  std::function<void()> before_commit;

 private:
  MemoryStore& store_;
};

Founding founding_of(const std::string& prefix, int count, std::size_t meta = 0) {
  Founding founding;
  founding.base = 500;
  founding.patience = std::chrono::milliseconds(0);
  for (int i = 0; i < count; ++i) {
    registry::InstanceRecord record{.registration = registry::testing::registration("web", prefix + std::to_string(i)),
                                    .registered_at = {}};
    if (meta != 0) record.registration.attributes = R"({"k":")" + std::string(meta, 'x') + R"("})";
    founding.instances.push_back(std::move(record));
  }
  founding.serials.emplace_back(k_svc, 7);
  return founding;
}

struct FoundingWorld {
  MemoryStore store;
  DirectEngine engine{store};
  DirectEngine other{store};
  Keys keys{"lab"};
  registry::testing::TwoZones zones;

  [[nodiscard]] Result<void> found(DirectEngine& by, const Founding& founding) {
    return found_cluster(by, keys, zones, founding);
  }
  [[nodiscard]] std::size_t instances() const { return store.read(range_of_prefix(keys.roll())).size(); }
  [[nodiscard]] std::string serial() const { return store.read(Range{keys.serial("svc.internal"), {}}).at(0).value; }
};

TEST_CASE("a cluster is founded with its roll, its serials and its base, and only once") {
  FoundingWorld world;
  CHECK_FALSE(find_cluster(world.engine, world.keys)->has_value());
  REQUIRE(world.found(world.engine, founding_of("a", 250)));
  CHECK(world.instances() == 250);
  CHECK(world.serial() == "7");
  const auto found = find_cluster(world.engine, world.keys);
  REQUIRE(found);
  REQUIRE(found->has_value());
  CHECK((*found)->base == 500);
  CHECK_FALSE(world.store.has(world.keys.founding()));
  const auto again = world.found(world.engine, founding_of("b", 3));
  REQUIRE_FALSE(again);
  CHECK(again.error().message.contains("exists already"));
  CHECK(world.instances() == 250);
}

TEST_CASE("an etcd that does not answer is told from one that has no cluster") {
  FoundingWorld world;
  world.engine.answers = false;
  const auto found = find_cluster(world.engine, world.keys);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Errc::unreachable);
}

TEST_CASE("of two nodes that are promoted at once one founds, and nothing of the other is on the roll") {
  FoundingWorld world;
  const int at = GENERATE(1, 2, 3, 4);
  CAPTURE(at);
  std::optional<Result<void>> second;
  world.engine.before_commit = [&] {
    if (world.engine.commits != at || second) return;
    second = world.found(world.other, founding_of("b", 250));
  };
  const Result<void> first = world.found(world.engine, founding_of("a", 250));
  REQUIRE(second.has_value());
  CHECK(first.has_value() != second->has_value());
  CHECK(world.instances() == 250);
  const std::string expected = first ? "a0" : "b0";
  CHECK(world.store.has(world.keys.instance("svc.internal", "web", expected)));
}

TEST_CASE("what an attempt has left that ended half-way is not on the roll, and what others had put before is") {
  FoundingWorld world;
  const std::string by_hand = world.keys.instance("svc.internal", "printer", "p1");
  world.store.apply({.puts = {{by_hand, "{}"}}}, 0);
  world.engine.fails_at = 3;
  CHECK_FALSE(world.found(world.engine, founding_of("a", 250)));
  CHECK(world.instances() > 1);
  CHECK_FALSE(find_cluster(world.other, world.keys)->has_value());
  REQUIRE(world.found(world.other, founding_of("b", 120)));
  CHECK(world.instances() == 121);
  CHECK(world.store.has(by_hand));
  CHECK(world.serial() == "7");
}

TEST_CASE("large instances are founded in transactions that etcd takes") {
  FoundingWorld world;
  REQUIRE(world.found(world.engine, founding_of("a", 120, 15'000)));
  CHECK(world.instances() == 120);
  CHECK(world.engine.largest <= k_founding_octets_max + 64);
}

TEST_CASE("a history that is renewed has a higher base, and another name") {
  FoundingWorld world;
  REQUIRE(world.found(world.engine, founding_of("a", 1)));
  const StoredFormat before = **find_cluster(world.engine, world.keys);
  REQUIRE(renew_history(world.engine, world.keys, 9'000));
  const StoredFormat after = **find_cluster(world.engine, world.keys);
  CHECK(after.base == 9'000);
  CHECK(after.incarnation != before.incarnation);
  REQUIRE(renew_history(world.engine, world.keys, 10));
  CHECK((**find_cluster(world.engine, world.keys)).base == 9'000);
  FoundingWorld empty;
  CHECK_FALSE(renew_history(empty.engine, empty.keys, 9'000));
}

}  // namespace
}  // namespace rollcall::cluster
