// What a node of a cluster answers: heartbeats that another authority decides about.
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

struct ClusterApi : World {
  ClusterApi() { registry.let_decide(authority); }
  ScriptedAuthority authority;
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

}  // namespace
}  // namespace rollcall::api::native
