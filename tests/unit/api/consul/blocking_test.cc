// ?index=&wait=: who waits, for what, and for how long.
#include "catch.h"
#include "unit/api/consul/world.h"

namespace rollcall::api::consul::blocking_tests {
namespace {

using namespace consul::testing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct BlockingWorld : ConsulWorld {
  BlockingWorld() {
    static_cast<void>(registry.restore({.index = 1000, .services = {}, .instances = {}}, clock.now(), k_wall_now));
    catalog.begin(registry.counts().index);
    expect_registered(R"({"Name":"web"})");
  }
  std::string index_of(std::string_view target) { return header_of(get(target), "X-Consul-Index"); }
  // Empty: it was answered at once.
  std::optional<Wait> wait(std::string_view target) {
    Routed routed = route(Method::get, target);
    if (Wait* waits = std::get_if<Wait>(&routed)) return std::move(*waits);
    last = std::get<Response>(std::move(routed));
    return std::nullopt;
  }
  Response last;
};

constexpr std::string_view k_web = "/v1/health/service/web";

std::string at(std::string_view target, std::string_view index, std::string_view wait = "") {
  std::string all = std::string(target) + "?index=" + std::string(index);
  if (!wait.empty()) all += "&wait=" + std::string(wait);
  return all;
}

TEST_CASE("consul: whoever knows the index waits, anybody else is answered at once") {
  BlockingWorld world;
  const std::string index = world.index_of(k_web);
  CHECK(world.wait(at(k_web, index)));
  for (const char* other : {"0", "1", "99999999999999"}) {
    CHECK_FALSE(world.wait(at(k_web, other)));
    CHECK(header_of(world.last, "X-Consul-Index") == index);
  }
  CHECK_FALSE(world.wait(std::string(k_web) + "?wait=10s"));
}

TEST_CASE("consul: a wait lasts as long as asked, and a sixteenth at most longer") {
  BlockingWorld world;
  const std::string index = world.index_of(k_web);
  const auto lasts = [&](std::string_view wait, milliseconds least) {
    for (int i = 0; i < 50; ++i) {
      const milliseconds most = world.wait(at(k_web, index, wait))->at_most;
      if (most < least || most > least + least / 16) return false;
    }
    return true;
  };
  CHECK(lasts("", minutes(5)));
  CHECK(lasts("10s", seconds(10)));
  CHECK(lasts("60000ms", minutes(1)));
  CHECK(lasts("1m30s", seconds(90)));
  CHECK(lasts("24h", minutes(10)));
  CHECK(lasts("0", minutes(5)));
  CHECK(lasts("0s", minutes(5)));
}

TEST_CASE("consul: an index or a wait that is none is refused in Consul's words") {
  BlockingWorld world;
  for (const char* wrong : {"x", "-1", "1.5", "18446744073709551616"})
    CHECK(world.told(world.get(at(k_web, wrong))) == "400 Invalid index");
  for (const char* wrong : {"10", "-1s", "soon", "1d"})
    CHECK(world.told(world.get(at(k_web, "1", wrong))) == "400 Invalid wait time");
}

TEST_CASE("consul: the end of a wait has the same index and the whole body") {
  BlockingWorld world;
  const std::string index = world.index_of(k_web);
  auto wait = world.wait(at(k_web, index));
  const Response response = wait->answer(world.clock.now());
  CHECK(response.status == 200);
  CHECK(header_of(response, "X-Consul-Index") == index);
  CHECK(parse(response).as_array().size() == 1);
}

TEST_CASE("consul: a wait for a service is over with that service's change, and with no other") {
  BlockingWorld world;
  auto wait = world.wait(at(k_web, world.index_of(k_web)));
  int woken = 0;
  const auto seat = wait->until->take_seat([&] { ++woken; });
  world.expect_registered(R"({"Name":"db"})");
  CHECK_FALSE(wait->until->is_over());
  CHECK(woken == 0);
  world.expect_registered(R"({"Name":"web","Port":1})");
  CHECK(wait->until->is_over());
  CHECK(woken == 1);
  CHECK(std::stoull(header_of(wait->answer(world.clock.now()), "X-Consul-Index")) == world.registry.counts().index);
}

TEST_CASE("consul: a missing service is waited for, and its coming ends that") {
  BlockingWorld world;
  const std::string target = "/v1/catalog/service/none";
  const std::string index = world.index_of(target);
  auto wait = world.wait(at(target, index));
  REQUIRE(wait);
  world.expect_registered(R"({"Name":"db"})");
  CHECK_FALSE(wait->until->is_over());
  const Response timed_out = wait->answer(world.clock.now());
  CHECK(timed_out.body == "[]");
  CHECK(header_of(timed_out, "X-Consul-Index") == index);
  CHECK(world.wait(at(target, index)));  // others have changed since, and it goes on waiting
  world.expect_registered(R"({"Name":"none"})");
  CHECK(wait->until->is_over());
  CHECK_FALSE(world.wait(at(target, index)));
}

TEST_CASE("consul: whoever may have missed the end of a service that is forgotten does not wait") {
  BlockingWorld world;
  const std::string index = world.index_of(k_web);
  CHECK(world.tell("/v1/agent/service/deregister/web") == "200");
  world.clock.advance(std::chrono::hours(2));
  world.registry.sweep(world.clock.now(), k_wall_now + std::chrono::hours(2));
  CHECK_FALSE(world.wait(at(k_web, index)));
  CHECK(world.last.body == "[]");
  CHECK(world.wait(at(k_web, header_of(world.last, "X-Consul-Index"))));
}

TEST_CASE("consul: the list of services moves with names and tags, never with checks") {
  BlockingWorld world;
  world.expect_registered(R"({"Name":"db","Check":{"TTL":"10s"}})");
  const std::string services = "/v1/catalog/services";
  const std::string index = world.index_of(services);
  const std::string state = world.index_of("/v1/health/state/any");
  CHECK(world.tell("/v1/agent/check/pass/service:db") == "200");
  CHECK(world.index_of(services) == index);
  CHECK(world.index_of("/v1/health/state/any") != state);
  auto wait = world.wait(at(services, index));
  REQUIRE(wait);
  world.expect_registered(R"({"Name":"db","Tags":["v1"],"Check":{"TTL":"10s"}})");
  CHECK(wait->until->is_over());
}

TEST_CASE("consul: the checks of a node are waited for by its own changes alone") {
  BlockingWorld world;
  const std::string external =
      R"({"Node":"ext","Address":"192.0.2.9","Service":{"Service":"far","ID":"f"},"Check":{"CheckID":"c","Status":"passing"}})";
  CHECK(world.told(world.put("/v1/catalog/register", external)) == "200 true");
  auto wait = world.wait(at("/v1/health/node/ext", world.index_of("/v1/health/node/ext")));
  REQUIRE(wait);
  world.expect_registered(R"({"Name":"web","Port":7})");
  CHECK_FALSE(wait->until->is_over());
  CHECK(world.told(world.put("/v1/catalog/deregister", R"({"Node":"ext"})")) == "200 true");
  CHECK(wait->until->is_over());
}

}  // namespace
}  // namespace rollcall::api::consul::blocking_tests
