#include "rollcall/balancer.h"

#include <map>
#include <set>
#include <string>

#include "catch.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;

Endpoint endpoint(const std::string& target, std::uint16_t weight = 1, std::uint16_t priority = 1) {
  return {.target = target, .port = 80, .priority = priority, .weight = weight, .addresses = {"192.0.2.1"}};
}

struct Bench {
  Balancer balancer;
  Balancer::Random random{7};
  Balancer::Time now{1h};

  explicit Bench(std::vector<Endpoint> endpoints, const BalancerSettings& settings = {}) : balancer(settings) {
    balancer.set_endpoints(std::move(endpoints));
  }
  std::string pick(const PickOptions& options = {}, std::span<const Endpoint> tried = {}) {
    const auto chosen = balancer.pick(options, now, random, tried);
    return chosen ? chosen->target : "none";
  }
  std::set<std::string> picks(int count = 200) {
    std::set<std::string> seen;
    for (int i = 0; i < count; ++i) seen.insert(pick());
    return seen;
  }
};

using Set = std::set<std::string>;

TEST_CASE("the best priority is chosen while one of it is not set aside") {
  Bench bench({endpoint("a"), endpoint("b"), endpoint("c", 1, 2)});
  CHECK(bench.picks() == Set{"a", "b"});
  bench.balancer.report_failure(endpoint("a"), bench.now);
  CHECK(bench.picks() == Set{"b"});
  bench.balancer.report_failure(endpoint("b"), bench.now);
  CHECK(bench.picks() == Set{"c"});
}

TEST_CASE("nobody is chosen of nobody, nor when all have been tried") {
  CHECK(Bench({}).pick() == "none");
  const std::vector<Endpoint> all{endpoint("a"), endpoint("b")};
  Bench bench(all);
  CHECK(bench.pick({}, all) == "none");
  CHECK(bench.pick({}, std::vector{endpoint("A")}) == "b");
}

TEST_CASE("when all are set aside the one whose failure is the longest ago is tried") {
  Bench bench({endpoint("a"), endpoint("b"), endpoint("c")});
  for (const char* target : {"b", "c", "a"}) {
    bench.balancer.report_failure(endpoint(target), bench.now);
    bench.now += 1ms;
  }
  CHECK(bench.pick() == "b");
  CHECK(bench.pick({}, std::vector{endpoint("b")}) == "c");
}

TEST_CASE("an endpoint that failed comes back after its time, and one caller tries it first") {
  Bench bench({endpoint("a"), endpoint("b")}, {.aside_min = 1s, .aside_max = 8s, .trial = 500ms});
  bench.balancer.report_failure(endpoint("a"), bench.now);
  bench.now += 999ms;
  CHECK(bench.picks() == Set{"b"});
  bench.now += 1ms;
  int to_a = 0;
  for (int i = 0; i < 200; ++i) to_a += bench.pick() == "a" ? 1 : 0;
  CHECK(to_a == 1);
  SECTION("reported well it is as any other, at once") {
    bench.balancer.report_success(endpoint("a"));
    CHECK(bench.picks() == Set{"a", "b"});
  }
  SECTION("without a word it is as any other after the trial") {
    bench.now += 500ms;
    CHECK(bench.picks() == Set{"a", "b"});
  }
  SECTION("failed again it is set aside twice as long") {
    bench.balancer.report_failure(endpoint("a"), bench.now);
    bench.now += 1999ms;
    CHECK(bench.picks() == Set{"b"});
    bench.now += 1ms;
    CHECK(bench.picks() == Set{"a", "b"});
  }
}

// How long it is aside after so many failures, each in its trial.
std::chrono::milliseconds aside_after(int failures) {
  Bench bench({endpoint("a"), endpoint("b")}, {.aside_min = 1s, .aside_max = 8s, .trial = 500ms});
  for (int i = 0; i < failures; ++i) {
    while (bench.balancer.is_set_aside(endpoint("a"), bench.now)) bench.now += 1ms;
    while (bench.pick() != "a") continue;
    bench.balancer.report_failure(endpoint("a"), bench.now);
  }
  const auto failed = bench.now;
  while (bench.balancer.is_set_aside(endpoint("a"), bench.now)) bench.now += 1ms;
  return std::chrono::duration_cast<std::chrono::milliseconds>(bench.now - failed);
}

TEST_CASE("each further failure doubles the time aside, up to its bound") {
  CHECK(aside_after(1) == 1s);
  CHECK(aside_after(2) == 2s);
  CHECK(aside_after(4) == 8s);
  CHECK(aside_after(5) == 8s);
}

TEST_CASE("callers that fail together count as one failure") {
  Bench bench({endpoint("a"), endpoint("b")}, {.aside_min = 1s, .aside_max = 60s});
  for (int i = 0; i < 100; ++i) bench.balancer.report_failure(endpoint("a"), bench.now + std::chrono::milliseconds(i));
  CHECK_FALSE(bench.balancer.is_set_aside(endpoint("a"), bench.now + 1s));
}

TEST_CASE("a failure long after the last one is a first one") {
  Bench bench({endpoint("a"), endpoint("b")}, {.aside_min = 1s, .aside_max = 8s});
  bench.balancer.report_failure(endpoint("a"), bench.now);
  bench.now += 17s;
  bench.balancer.report_failure(endpoint("a"), bench.now);
  CHECK_FALSE(bench.balancer.is_set_aside(endpoint("a"), bench.now + 1s));
}

TEST_CASE("a new answer keeps what is known of those that stay") {
  Bench bench({endpoint("a"), endpoint("b")});
  bench.balancer.report_failure(endpoint("a"), bench.now);
  bench.balancer.set_endpoints({endpoint("A"), endpoint("c"), endpoint("a")});
  CHECK(bench.balancer.size() == 2);
  CHECK(bench.picks() == Set{"c"});
  bench.balancer.set_endpoints({endpoint("b")});
  bench.balancer.set_endpoints({endpoint("a"), endpoint("b")});
  CHECK(bench.picks() == Set{"a", "b"});
}

TEST_CASE("who is not there cannot be reported") {
  Bench bench({endpoint("a")});
  bench.balancer.report_failure(endpoint("z"), bench.now);
  bench.balancer.report_success(endpoint("z"));
  bench.balancer.report_load(endpoint("z"), 1);
  CHECK_FALSE(bench.balancer.is_set_aside(endpoint("z"), bench.now));
  CHECK(bench.pick() == "a");
}

TEST_CASE("in turn, everyone comes once a round, whoever joins or leaves") {
  Bench bench({endpoint("a", 9), endpoint("b"), endpoint("c")});
  const PickOptions in_turn{.policy = Policy::round_robin};
  const std::string first = bench.pick(in_turn);
  const std::string second = bench.pick(in_turn);
  const std::string third = bench.pick(in_turn);
  CHECK(Set{first, second, third} == Set{"a", "b", "c"});
  CHECK(bench.pick(in_turn) == first);
  while (bench.pick(in_turn) != "a") continue;
  bench.balancer.set_endpoints({endpoint("a"), endpoint("aa"), endpoint("c")});
  CHECK(bench.pick(in_turn) == "aa");
  CHECK(bench.pick(in_turn) == "c");
  CHECK(bench.pick(in_turn) == "a");
}

TEST_CASE("who has never failed comes before whose failure is the longest ago") {
  Bench bench({endpoint("a"), endpoint("b"), endpoint("c")}, {.aside_min = 10ms, .aside_max = 10ms, .trial = 0ms});
  const PickOptions reliable{.policy = Policy::least_recently_failed};
  bench.balancer.report_failure(endpoint("b"), bench.now);
  bench.balancer.report_failure(endpoint("a"), bench.now + 1ms);
  bench.now += 1s;
  for (int i = 0; i < 20; ++i) CHECK(bench.pick(reliable) == "c");
  bench.balancer.report_failure(endpoint("c"), bench.now);
  bench.now += 1s;
  for (int i = 0; i < 20; ++i) CHECK(bench.pick(reliable) == "b");
  bench.balancer.report_success(endpoint("a"));
  CHECK(bench.pick(reliable) == "b");
}

TEST_CASE("of two choices the one with less load for its weight is taken") {
  Bench bench({endpoint("a", 1), endpoint("b", 10)});
  const PickOptions two{.policy = Policy::two_choices};
  bench.balancer.report_load(endpoint("a"), 2);
  bench.balancer.report_load(endpoint("b"), 10);
  for (int i = 0; i < 50; ++i) CHECK(bench.pick(two) == "b");
  bench.balancer.report_load(endpoint("b"), 30);
  for (int i = 0; i < 50; ++i) CHECK(bench.pick(two) == "a");
  CHECK(Bench({endpoint("a")}).pick(two) == "a");
}

TEST_CASE("a key goes to the same endpoint in every process, and to the next while that one is set aside") {
  const std::vector<Endpoint> all{endpoint("a"), endpoint("b"), endpoint("c")};
  Bench one(all);
  Bench other({endpoint("c"), endpoint("b"), endpoint("A")});
  const PickOptions user{.policy = Policy::consistent_hash, .key = "user-17"};
  const std::string home = one.pick(user);
  CHECK(home == "a");  // written down: it must not change with a release
  CHECK(other.pick(user) == "A");
  one.balancer.report_failure(endpoint(home), one.now);
  const std::string next = one.pick(user);
  CHECK(next != home);
  CHECK(one.pick(user) == next);
}

TEST_CASE("all endpoints in the order to try them in: by priority, the heavier more often first") {
  Bench bench({endpoint("c", 1, 2), endpoint("a", 9), endpoint("b", 1)});
  int a_first = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::vector<Endpoint> order = bench.balancer.in_order(bench.random);
    REQUIRE(order.size() == 3);
    CHECK(order[2].target == "c");
    a_first += order[0].target == "a" ? 1 : 0;
  }
  CHECK(a_first > 850);
  CHECK(a_first < 950);
}

}  // namespace
}  // namespace rollcall
