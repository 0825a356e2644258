// Sessions that end with the checks they name.
#include "kv/session_checks.h"

#include "catch.h"
#include "unit/api/consul/world.h"
#include "unit/kv/world.h"

namespace rollcall::api::consul {
namespace {

using namespace testing;

struct ChecksWorld : ConsulWorld {
  ChecksWorld() {
    static_cast<void>(keys.restore(k_wall_now));
    audiences.add(checks);
  }
  void run_tasks() {
    while (!tasks.empty()) {
      const auto taken = std::exchange(tasks, {});
      for (const auto& task : taken) (*task)();
    }
  }
  void look() {
    checks.look();
    run_tasks();
  }
  void begin(std::string id, std::vector<std::string> names, std::string host = {}) {
    CHECK(keys.submit(
        kv::CreateSession{kv::Session{
            .id = std::move(id), .node = identity.node, .host = std::move(host), .node_checks = std::move(names)}},
        [](const kv::Outcome&) {}));
    run_tasks();
  }
  bool has(std::string_view id) {
    run_tasks();
    return keys.read([&](const kv::View& view) { return view.tables().find_session(id) != nullptr; });
  }
  void web(std::string_view id, std::string_view ttl = "60s", std::string_view name = "web") {
    expect_registered(R"({"Name":")" + std::string(name) + R"(","ID":")" + std::string(id) +
                      R"(","Port":80,"Check":{"TTL":")" + std::string(ttl) + R"(","Status":"passing"}})");
  }

  kv::testing::MemoryJournal key_journal;
  std::vector<std::shared_ptr<kv::KeyValues::Task>> tasks;
  kv::KeyValues::RunSoon run_soon = [this](kv::KeyValues::Task task) {
    tasks.push_back(std::make_shared<kv::KeyValues::Task>(std::move(task)));
  };
  kv::LocalKeyValues keys{key_journal, clock, run_soon};
  kv::SessionChecks checks{{.keys = keys,
                            .ids = ids,
                            .registry = registry,
                            .clock = clock,
                            .own_node = identity.node,
                            .zones = 2,
                            .run_soon = run_soon}};
};

TEST_CASE("a session ends when one of its checks turns critical, and no other does") {
  ChecksWorld world;
  world.web("w1");
  world.web("w2");
  world.begin("one", {"serfHealth", "service:w1"});
  world.begin("two", {"service:w2"});
  world.begin("free", {});
  CHECK(world.tell("/v1/agent/check/warn/service:w1") == "200");
  CHECK(world.has("one"));
  CHECK(world.tell("/v1/agent/check/fail/service:w1") == "200");
  CHECK_FALSE(world.has("one"));
  CHECK(world.has("two"));
  CHECK(world.has("free"));
  CHECK(world.checks.ended() == 1);
}

TEST_CASE("a session ends when its TTL check lapses") {
  ChecksWorld world;
  world.web("w1", "5s");
  world.begin("one", {"service:w1"});
  world.advance(std::chrono::seconds(4));
  CHECK(world.has("one"));
  world.advance(std::chrono::seconds(2));
  CHECK_FALSE(world.has("one"));
}

TEST_CASE("a session ends when its check is deregistered, but not when the check moves to another service") {
  ChecksWorld world;
  world.web("w1");
  world.begin("one", {"service:w1"});
  world.web("w1", "60s", "other");
  world.look();
  world.look();
  CHECK(world.has("one"));
  CHECK(world.tell("/v1/agent/service/deregister/w1") == "200");
  world.look();
  CHECK(world.has("one"));  // it may be on its way to another service
  world.look();
  CHECK_FALSE(world.has("one"));
}

TEST_CASE("a check that was never seen ends nobody, and one that is critical already is found by a look") {
  ChecksWorld world;
  world.begin("one", {"service:w1"});
  world.look();
  world.look();
  CHECK(world.has("one"));
  world.web("w1");
  world.look();
  CHECK(world.has("one"));
  world.begin("two", {"service:w2"});
  CHECK(world.tell("/v1/agent/service/register", R"({"Name":"web","ID":"w2","Port":80,"Check":{"TTL":"60s"}})") ==
        "200");
  world.look();
  CHECK_FALSE(world.has("two"));
}

TEST_CASE("checks are those of the host that made the session, where it has one of that name") {
  ChecksWorld world;
  world.access.replace({.tokens = {}, .certificates = {}, .open = true});
  Caller there{*IpAddress::parse("192.0.2.7")};
  world.caller = &there;
  world.web("w1");
  world.caller = &world.here;
  world.web("w1", "60s", "mine");
  world.begin("theirs", {"service:w1"}, "192.0.2.7");
  world.begin("mine", {"service:w1"});
  CHECK(world.tell("/v1/agent/check/fail/service:w1") == "200");
  CHECK(world.has("theirs"));
  CHECK_FALSE(world.has("mine"));
  CHECK(world.tell("/v1/agent/check/fail/service:w1?node=192.0.2.7") == "200");
  CHECK_FALSE(world.has("theirs"));
}

}  // namespace
}  // namespace rollcall::api::consul
