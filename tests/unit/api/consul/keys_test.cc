// Keys, sessions and transactions over HTTP: what is taken, refused and answered; what waits; a store of a cluster.
#include "catch.h"
#include "unit/api/consul/world.h"
#include "unit/kv/world.h"

namespace rollcall::api::consul {
namespace {

using namespace testing;
using rollcall::kv::testing::MemoryJournal;

// A store that others change too: what was acknowledged elsewhere is shown after `catch_up` alone.
class SharedStore final : public kv::KeyValues {
 public:
  explicit SharedStore(kv::LocalKeyValues& behind) : behind_(behind) {}
  bool submit(kv::Request request, Reply reply) override {
    return behind_.submit(std::move(request), std::move(reply));
  }
  std::optional<kv::SessionPtr> renew(std::string_view) const override { return std::nullopt; }
  void catch_up(std::move_only_function<void(bool)> done) override { done(is_reachable); }
  bool is_shared() const override { return true; }
  std::string why_unread() const override { return unread; }

  bool is_reachable = true;
  std::string unread;

 private:
  kv::LocalKeyValues& behind_;
};

struct KeysWorld : ConsulWorld {
  explicit KeysWorld(bool has_keys = true) : has_keys_(has_keys) {
    static_cast<void>(keys.restore(k_wall_now));
    use(keys);
  }
  void use(kv::KeyValues& store) {
    keyed = std::make_unique<ConsulDoor>(Parts{.identity = identity,
                                               .ids = ids,
                                               .catalog = catalog,
                                               .beats = beats,
                                               .store = &store,
                                               .has_keys = has_keys_,
                                               .why_no_keys = "they are switched off ([consul] kv = false)"});
    router = std::make_unique<Router>(registry, zones, waiters, access, std::vector<const Door*>{&native, keyed.get()});
  }
  Routed ask(Method method, std::string_view target, std::string_view body = {}) {
    return router->route({.method = method,
                          .target = target,
                          .body = body,
                          .authorization = authorization,
                          .caller = caller,
                          .fields = &fields},
                         clock.now(), counters, PendingAhead::nothing);
  }
  Response finish(Routed routed) {
    if (OtherChange* other = std::get_if<OtherChange>(&routed)) {
      bool is_done = false;
      REQUIRE(other->begin([&is_done] { is_done = true; }));
      while (!tasks.empty()) {
        const auto taken = std::exchange(tasks, {});
        for (const auto& task : taken) (*task)();
      }
      REQUIRE(is_done);
      return other->describe(clock.now());
    }
    if (Wait* wait = std::get_if<Wait>(&routed)) return wait->answer(clock.now());
    return std::get<Response>(std::move(routed));
  }
  Response call(Method method, std::string_view target, std::string_view body = {}) {
    return finish(ask(method, target, body));
  }
  Response get(std::string_view target) { return call(Method::get, target); }
  std::string put(std::string_view target, std::string_view body = {}) { return told(call(Method::put, target, body)); }
  std::string del(std::string_view target) { return told(call(Method::del, target)); }
  std::string index_of(std::string_view target) { return header_of(get(target), "X-Consul-Index"); }
  std::string begin_session(std::string_view body = {}) {
    return text_of(parse(call(Method::put, "/v1/session/create", body)), "ID");
  }

  MemoryJournal key_journal;
  std::vector<std::shared_ptr<kv::KeyValues::Task>> tasks;
  kv::LocalKeyValues keys{key_journal, clock, [this](kv::KeyValues::Task task) {
                            tasks.push_back(std::make_shared<kv::KeyValues::Task>(std::move(task)));
                          }};
  std::unique_ptr<ConsulDoor> keyed;
  std::unique_ptr<Router> router;

 private:
  bool has_keys_;
};

TEST_CASE("a key is put, read in each form, and deleted") {
  KeysWorld world;
  CHECK(world.put("/v1/kv/web/max?flags=7", "10") == "200 true");
  CHECK(world.put("/v1/kv/web/db/url", "x") == "200 true");
  const auto entry = parse(world.get("/v1/kv/web/max")).as_array().at(0);
  CHECK(text_of(entry, "Value") == "MTA=");
  CHECK(number_of(entry, "Flags") == 7);
  CHECK(std::to_string(number_of(entry, "ModifyIndex")) == world.index_of("/v1/kv/web/max"));
  CHECK(world.get("/v1/kv/web/max?raw").body == "10");
  CHECK(world.get("/v1/kv/web/?keys").body == R"(["web/db/url","web/max"])");
  CHECK(world.get("/v1/kv/web/?keys&separator=/").body == R"(["web/db/","web/max"])");
  CHECK(parse(world.get("/v1/kv/?recurse")).as_array().size() == 2);
  CHECK(world.del("/v1/kv/web?recurse") == "200 true");
  const Response gone = world.get("/v1/kv/web/max");
  CHECK(gone.status == 404);
  CHECK(gone.body.empty());
  CHECK(std::stoull(header_of(gone, "X-Consul-Index")) > 1);
}

TEST_CASE("what no key can be, and parameters that exclude each other, are one sentence") {
  KeysWorld world;
  CHECK(world.put("/v1/kv/", "x") == "400 Missing key name");
  CHECK(world.put("/v1/kv/a?cas=1&acquire=s", "x") == "400 Conflicting flags: cas, acquire");
  CHECK(world.put("/v1/kv/a?flags=many", "x").starts_with("400 Failed to parse flags"));
  CHECK(world.put("/v1/kv/a%00b", "x").starts_with("400 a key must be"));
  CHECK(world.put("/v1/kv/" + std::string(1'025, 'k'), "x").starts_with("400 a key must be at most 1024"));
  CHECK(world.put("/v1/kv/a?acquire=nobody", "x") == R"(500 invalid session "nobody")");
  CHECK(world.put("/v1/kv/a?dc=elsewhere", "x") == "500 No path to datacenter");
  CHECK(world.get("/v1/kv/a?stale&consistent").status == 400);
  CHECK(world.get("/v1/kv/a").status == 404);
}

TEST_CASE("cas and locks answer false where it is not so") {
  KeysWorld world;
  CHECK(world.put("/v1/kv/a?cas=0", "1") == "200 true");
  CHECK(world.put("/v1/kv/a?cas=0", "2") == "200 false");
  CHECK(world.put("/v1/kv/a?cas=" + world.index_of("/v1/kv/a"), "2") == "200 true");
  CHECK(world.del("/v1/kv/a?cas=1") == "200 false");
  const std::string one = world.begin_session();
  const std::string two = world.begin_session(R"({"Name":"two","TTL":"10s","LockDelay":"0s"})");
  CHECK(world.put("/v1/kv/lead?acquire=" + one) == "200 true");
  CHECK(world.put("/v1/kv/lead?acquire=" + two) == "200 false");
  CHECK(world.put("/v1/kv/lead?release=" + one) == "200 true");
  CHECK(world.put("/v1/kv/lead?acquire=" + two) == "200 true");
}

TEST_CASE("a read waits for its key alone, and the answer has another index") {
  KeysWorld world;
  world.put("/v1/kv/a", "1");
  const std::string target = "/v1/kv/a?wait=10s&index=" + world.index_of("/v1/kv/a");
  Routed waiting = world.ask(Method::get, target);
  REQUIRE(std::holds_alternative<Wait>(waiting));
  CHECK_FALSE(std::get<Wait>(waiting).until->is_over());
  world.put("/v1/kv/b", "1");
  CHECK_FALSE(std::get<Wait>(waiting).until->is_over());
  world.put("/v1/kv/a", "2");
  CHECK(std::get<Wait>(waiting).until->is_over());
  CHECK(header_of(world.finish(std::move(waiting)), "X-Consul-Index") == world.index_of("/v1/kv/a"));
  CHECK(std::holds_alternative<Response>(world.ask(Method::get, target)));
  CHECK(std::get<Response>(world.ask(Method::get, "/v1/kv/a?index=x")).status == 400);
}

TEST_CASE("a session is made, renewed, shown and destroyed") {
  KeysWorld world;
  const std::string id = world.begin_session(R"({"name":"n","ttl":"10s","lock_delay":"5s","Behavior":"delete"})");
  const auto shown = parse(world.get("/v1/session/info/" + id)).as_array().at(0);
  CHECK(text_of(shown, "Name") == "n");
  CHECK(text_of(shown, "TTL") == "10s");
  CHECK(text_of(shown, "Behavior") == "delete");
  CHECK(number_of(shown, "LockDelay") == 5'000'000'000);
  CHECK(world.call(Method::put, "/v1/session/renew/" + id).status == 200);
  CHECK(parse(world.get("/v1/session/node/node-1.EXAMPLE")).as_array().size() == 1);
  CHECK(world.put("/v1/session/destroy/" + id) == "200 true");
  CHECK(world.get("/v1/session/info/" + id).body == "[]");
  CHECK(world.put("/v1/session/renew/" + id) == "404 Session id '" + id + "' not found");
  CHECK(world.put("/v1/session/create", R"({"TTL":"9s"})").starts_with("400 Invalid Session TTL"));
}

TEST_CASE("a session is made with checks that are there and not critical") {
  KeysWorld world;
  CHECK(world.put("/v1/session/create", R"({"Checks":["service:w1"]})") ==
        "500 Missing check 'service:w1' registration");
  world.expect_registered(R"({"Name":"web","ID":"w1","Port":80,"Check":{"TTL":"60s","Status":"passing"}})");
  CHECK_FALSE(world.begin_session(R"({"NodeChecks":["serfHealth"],"ServiceChecks":[{"ID":"service:w1"}]})").empty());
  CHECK(world.ConsulWorld::tell("/v1/agent/check/fail/service:w1") == "200");
  CHECK(world.put("/v1/session/create", R"({"Checks":["service:w1"]})") ==
        "500 Check 'service:w1' is in critical state");
}

TEST_CASE("a transaction is done as a whole, or its errors say which operation failed") {
  KeysWorld world;
  const Response done = world.call(
      Method::put, "/v1/txn", R"([{"KV":{"Verb":"set","Key":"a","Value":"MQ=="}},{"KV":{"Verb":"get","Key":"a"}}])");
  CHECK(done.status == 200);
  CHECK(parse(done).at("Results").as_array().size() == 2);
  const Response failed = world.call(
      Method::put, "/v1/txn", R"([{"KV":{"Verb":"set","Key":"b"}},{"KV":{"Verb":"check-not-exists","Key":"a"}}])");
  CHECK(failed.status == 409);
  CHECK(number_of(parse(failed).at("Errors").at(0), "OpIndex") == 1);
  CHECK(world.get("/v1/kv/b").status == 404);
  CHECK(world.call(Method::put, "/v1/txn", R"([{"Service":{}}])").status == 400);
}

TEST_CASE("keys that are switched off are read as if there were none, and not changed") {
  KeysWorld world(false);
  CHECK(world.get("/v1/kv/a").status == 404);
  CHECK(world.index_of("/v1/kv/a") == "1");
  CHECK(std::holds_alternative<Wait>(world.ask(Method::get, "/v1/kv/a?index=1")));
  CHECK(world.put("/v1/kv/a", "1").starts_with("500 there are no keys and no sessions here"));
}

TEST_CASE("the keys of a cluster are not read before this node has them") {
  KeysWorld world;
  SharedStore shared(world.keys);
  shared.unread = "No cluster leader: not yet";
  world.use(shared);
  CHECK(world.told(world.get("/v1/kv/a")) == "500 No cluster leader: not yet");
  CHECK(world.told(world.get("/v1/query/q/execute")) == "500 No cluster leader: not yet");
  shared.unread.clear();
  CHECK(world.get("/v1/kv/a").status == 404);
}

TEST_CASE("a consistent read of a cluster's keys asks the store first") {
  KeysWorld world;
  SharedStore shared(world.keys);
  world.use(shared);
  CHECK(std::holds_alternative<Response>(world.ask(Method::get, "/v1/kv/a")));
  CHECK(std::holds_alternative<OtherChange>(world.ask(Method::get, "/v1/kv/a?consistent")));
  CHECK(world.get("/v1/kv/a?consistent").status == 404);
  shared.is_reachable = false;
  CHECK(world.told(world.get("/v1/kv/a?consistent")).starts_with("500 No cluster leader"));
}

}  // namespace
}  // namespace rollcall::api::consul
