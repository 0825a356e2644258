// What a node of a cluster answers: heartbeats that another authority decides about.
#include <functional>
#include <optional>
#include <string>

#include "catch.h"
#include "unit/api/fixture.h"
#include "unit/registry/authority.h"

namespace rollcall::api::native {
namespace {

using namespace testing;
using registry::testing::ScriptedAuthority;
using registry::testing::Verdict;
using std::chrono::seconds;

constexpr std::string_view k_beat_of_a = "/v1/services/web/instances/a/heartbeat";
constexpr std::string_view k_same = R"({"service":"web","address":"192.0.2.1","port":8080,"id":"a"})";

// What the others know, as a test says.
class ScriptedEverywhere final : public registry::Everywhere {
 public:
  void read_latest(std::move_only_function<void(std::optional<registry::ChangeIndex>)> reply) override {
    reading = std::move(reply);
  }
  void wait_for(registry::ChangeIndex index, std::move_only_function<void(bool)> reply) override {
    waited_for = index;
    spread = std::move(reply);
  }
  std::move_only_function<void(std::optional<registry::ChangeIndex>)> reading;
  std::move_only_function<void(bool)> spread;
  registry::ChangeIndex waited_for = 0;
};

struct ClusterApi : World {
  ClusterApi() {
    registry.let_decide(authority);
    door.set_everywhere(everywhere);
  }
  ScriptedAuthority authority;
  ScriptedEverywhere everywhere;
};

TEST_CASE("a heartbeat that the authority counts is answered without a write") {
  ClusterApi world;
  world.expect_registered("a");
  world.clock.advance(seconds(20));  // past, as far as this node knows
  const Response response = world.post(k_beat_of_a);
  CHECK(response.status == 200);
  CHECK(number_of(parse(response), "expires_in_ms") == 15'000);
  CHECK_FALSE(world.was_submitted);
  CHECK(world.journal.records == 1);
}

TEST_CASE("a heartbeat that this node cannot make count sends the client to another one") {
  ClusterApi world;
  world.expect_registered("a");
  world.authority.verdict = Verdict::refused;
  const auto is_refused = [](const Response& response) {
    CHECK(problem_of(response) == "503 ask_another_node");
    CHECK(detail_of(response).find("another node") != std::string::npos);
    CHECK(header_of(response, "Retry-After") == "1");
  };
  is_refused(world.post(k_beat_of_a));
  is_refused(world.post("/v1/heartbeat", k_same));
  is_refused(world.put("/v1/services/web/instances/a", R"({"address":"192.0.2.1","port":8080})"));
  is_refused(world.post("/v1/heartbeats", R"({"instances":[{"service":"web","id":"a"}]})"));
  CHECK(world.journal.records == 1);
  CHECK(world.counters.heartbeats == 0);
}

TEST_CASE("a heartbeat that only the shared store can decide is a change for the writer") {
  ClusterApi world;
  world.expect_registered("a");
  world.clock.advance(seconds(14));
  world.authority.verdict = GENERATE(Verdict::put_first, Verdict::unknown);
  const Response bare = world.post(k_beat_of_a);
  CHECK(world.was_submitted);
  CHECK(bare.status == 200);
  CHECK(number_of(parse(bare), "expires_in_ms") == 15'000);
  CHECK(number_of(parse(bare), "index") == 2);
  const Response whole = world.post("/v1/heartbeat", k_same);
  CHECK(world.was_submitted);
  CHECK(whole.status == 200);
  CHECK(number_of(parse(whole), "index") == 3);
  CHECK(world.journal.records == 3);
}

TEST_CASE("a heartbeat of an instance that is not here asks the shared store, and is a 404 when that says so") {
  ClusterApi world;
  CHECK(problem_of(world.post(k_beat_of_a)) == "404 unknown_instance");
  CHECK(world.was_submitted);
  CHECK(world.counters.heartbeats_unknown == 1);
}

TEST_CASE("a batch asks the shared store about those that it must, and says who is unknown") {
  ClusterApi world;
  for (const char* id : {"a", "b", "c"}) world.expect_registered(id);
  world.authority.verdicts = {{"b", Verdict::put_first}};
  const Response response =
      world.post("/v1/heartbeats", R"({"instances":[{"service":"web","id":"a"},{"service":"web","id":"nobody"},)"
                                   R"({"service":"web","id":"b"},{"service":"web","id":"c"}]})");
  CHECK(world.was_submitted);
  CHECK(response.body == R"({"renewed":3,"unknown":[{"service":"web","zone":"svc.internal","id":"nobody"}]})");
  CHECK(world.counters.heartbeats == 3);
  CHECK(world.counters.heartbeats_unknown == 1);
}

TEST_CASE("a batch is refused as a whole when one of it cannot be made to count") {
  ClusterApi world;
  for (const char* id : {"a", "b"}) world.expect_registered(id);
  world.authority.verdicts = {{"b", Verdict::refused}};
  const std::string_view both = R"({"instances":[{"service":"web","id":"a"},{"service":"web","id":"b"}]})";
  CHECK(problem_of(world.post("/v1/heartbeats", both)) == "503 ask_another_node");
  CHECK_FALSE(world.was_submitted);
  world.authority.verdicts = {{"b", Verdict::put_first}};
  world.journal.fails_with = Errc::store_busy;
  CHECK(problem_of(world.post("/v1/heartbeats", both)) == "503 store_busy");
}

TEST_CASE("a lease that is past is shown with nothing left, and the instance with it") {
  ClusterApi world;
  world.expect_registered("a");
  world.clock.advance(seconds(3600));
  const Response response = world.get("/v1/services/web/instances/a");
  CHECK(response.status == 200);
  CHECK(number_of(parse(response), "expires_in_ms") == 0);
  CHECK(parse(world.get("/v1/services")).at("services").at(0).at("total").to_number<int>() == 1);
}

TEST_CASE("a read that asks for an index that this node shows is answered at once") {
  ClusterApi world;
  world.expect_registered("a");
  for (const char* path : {"/v1/services?at_least=1", "/v1/services/web?at_least=1",
                           "/v1/services/web/instances/a?at_least=1", "/v1/services?consistent=false"}) {
    CHECK(world.get(path).status == 200);
    CHECK_FALSE(world.waited);
  }
}

TEST_CASE("a read that asks for a later index waits for it") {
  ClusterApi world;
  world.expect_registered("a");
  world.meanwhile = [&] { world.registry.follow_up_to(7); };
  const std::string_view path =
      GENERATE(as<std::string_view>(), "/v1/services", "/v1/services/web", "/v1/services/web/instances/a");
  CHECK(world.get(std::string(path) + "?at_least=7").status == 200);
  CHECK(world.waited);
}

TEST_CASE("a read that asks for an index that does not come is refused") {
  ClusterApi world;
  world.expect_registered("a");
  CHECK(problem_of(world.get("/v1/services/web?at_least=7")) == "503 ask_another_node");
  CHECK(problem_of(world.get("/v1/services/web?at_least=7&index=3")) == "400 invalid_field index");
  CHECK(problem_of(world.get("/v1/services/web?at_least=x")) == "400 invalid_field at_least");
}

TEST_CASE("a consistent read is answered when this node shows what the shared store had") {
  ClusterApi world;
  world.expect_registered("a");
  SECTION("which is no more than what it shows") {
    world.meanwhile = [&] { world.everywhere.reading(1); };
    CHECK(world.get("/v1/services/web?consistent").status == 200);
  }
  SECTION("which comes") {
    world.meanwhile = [&] {
      world.everywhere.reading(9);
      world.registry.follow_up_to(9);
    };
    CHECK(world.get("/v1/services/web?consistent").status == 200);
  }
  SECTION("which does not come") {
    world.meanwhile = [&] { world.everywhere.reading(9); };
    CHECK(problem_of(world.get("/v1/services/web?consistent")) == "503 ask_another_node");
  }
  SECTION("which it does not say") {
    world.meanwhile = [&] { world.everywhere.reading(std::nullopt); };
    CHECK(problem_of(world.get("/v1/services/web?consistent")) == "503 ask_another_node");
  }
  CHECK(world.waited);
  CHECK(problem_of(world.get("/v1/services/web?consistent=perhaps")) == "400 invalid_field consistent");
}

TEST_CASE("a change that is to be shown everywhere is answered when it is") {
  ClusterApi world;
  SECTION("a registration") {
    world.meanwhile = [&] { world.everywhere.spread(true); };
    const Response made = world.post("/v1/heartbeat?everywhere", k_same);
    CHECK(made.status == 201);
    CHECK(world.everywhere.waited_for == 1);
    CHECK(world.post("/v1/heartbeat?everywhere", k_same).status == 200);  // no heartbeat: others may not know of it
    CHECK(world.everywhere.waited_for == 2);
    CHECK(world.post("/v1/services/web/instances/a/drain?everywhere", "").status == 200);
    CHECK(world.del("/v1/services/web/instances/a?everywhere").status == 204);
    CHECK(world.everywhere.waited_for == 4);
  }
  SECTION("and refused when some node has not said so") {
    if (GENERATE(true, false)) world.meanwhile = [&] { world.everywhere.spread(false); };
    CHECK(problem_of(world.post("/v1/heartbeat?everywhere", k_same)) == "503 not_everywhere");
    CHECK(world.get("/v1/services/web/instances/a").status == 200);
  }
  SECTION("and at once when it is refused") {
    CHECK(problem_of(world.del("/v1/services/web/instances/a?everywhere")) == "404 unknown_instance");
    CHECK_FALSE(world.waited);
  }
}

TEST_CASE("a single server shows everything, everywhere, at once") {
  World world;
  CHECK(world.post("/v1/heartbeat?everywhere", k_same).status == 201);
  CHECK(world.get("/v1/services/web?consistent").status == 200);
  CHECK(world.get("/v1/services/web?at_least=4711").status == 200);  // of another database
  CHECK(world.del("/v1/services/web/instances/a?everywhere").status == 204);
  CHECK_FALSE(world.waited);
}

}  // namespace
}  // namespace rollcall::api::native
