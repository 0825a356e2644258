// Calls that wait: for a service to change, for time, for a page of the history.
#include <string>
#include <vector>

#include "catch.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;

std::string wait_for(std::string_view service, int index, std::string_view wait = "60s") {
  return request("GET /v1/services/" + std::string(service) + "?index=" + std::to_string(index) +
                 "&wait=" + std::string(wait));
}

TEST_CASE("a call that waits is answered when its service changes") {
  World world;
  world.add("web", "a");
  Client client = world.http();
  client.send(wait_for("web", 1));
  world.wait_for_waiters(1);
  world.add("db", "x");
  CHECK(world.waiters().count() == 1);  // a change elsewhere
  world.add("web", "b");
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 200);
  CHECK(answer.fields.at("X-Rollcall-Index") == "3");
  CHECK(world.waiters().count() == 0);
}

TEST_CASE("a service that has never been can be waited for") {
  World world;
  Client client = world.http();
  client.send(wait_for("web", 0));
  world.wait_for_waiters(1);
  world.add("web", "a");
  CHECK(client.read_http().status == 200);
}

TEST_CASE("an index other than the service's is answered at once, also a larger one") {
  World world;
  world.add("web", "a");
  Client client = world.http();
  for (const int index : {0, 2, 1'000'000}) {
    client.send(wait_for("web", index));
    CHECK(client.read_http().fields.at("X-Rollcall-Index") == "1");
  }
}

TEST_CASE("a wait ends with its time") {
  World world;
  world.add("web", "a");
  Client client = world.http();
  client.send(wait_for("web", 1, "1ms") + wait_for("web", 1, "0s"));
  CHECK(client.read_http().fields.at("X-Rollcall-Index") == "1");
  CHECK(client.read_http().status == 200);
  world.wait_for_waiters(0);
}

TEST_CASE("what is asked behind a call that waits is looked at when that has its answer") {
  World world;
  world.add("web", "a");
  Client client = world.http();
  client.send(wait_for("web", 1) + request("GET /healthz") + wait_for("web", 2) + registration("c"));
  world.wait_for_waiters(1);
  CHECK(client.is_silent_for(50ms));
  CHECK(world.counted(&api::Counters::requests) == 1);  // no answer is made, and held, before it can be sent
  world.add("web", "b");
  world.add("web", "d");
  CHECK(client.read_http().fields.contains("X-Rollcall-Index"));
  CHECK(client.read_http().body == R"({"status":"up"})");
  CHECK(client.read_http().status == 200);
  CHECK(client.read_http().status == 201);
}

TEST_CASE("a client that goes is noticed while requests are buffered behind its call that waits") {
  World world;
  world.add("web", "a");
  {
    Client client = world.http();
    client.send(wait_for("web", 1) + request("GET /healthz"));
    world.wait_for_waiters(1);
  }
  world.wait_for_waiters(0);
  Client closing = world.http();
  closing.send(wait_for("web", 1) + wait_for("web", 1) + request("GET /healthz"));
  closing.close_sending();
  CHECK(closing.read_http().status == 200);
  CHECK(closing.read_http().status == 200);
  CHECK(closing.read_http().status == 200);
  CHECK(closing.is_at_end());
}

TEST_CASE("a client that closes its side is answered at once") {
  World world;
  world.add("web", "a");
  Client client = world.http();
  client.send(wait_for("web", 1));
  world.wait_for_waiters(1);
  client.close_sending();
  CHECK(client.read_http().status == 200);
  CHECK(client.is_at_end());
  world.wait_for_waiters(0);
}

TEST_CASE("a client that goes gives up its seat, also one that wanted its connection closed") {
  World world;
  world.add("web", "a");
  {
    Client client = world.http();
    client.send(wait_for("web", 1));
    Client closing = world.http();
    closing.send("GET /v1/services/web?index=1&wait=60s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    world.wait_for_waiters(2);
  }
  world.wait_for_waiters(0);
}

TEST_CASE("an answer that was waited for ends the connection where that was asked") {
  World world;
  world.add("web", "a");
  Client client = world.http();
  client.send("GET /v1/services/web?index=1&wait=60s HTTP/1.0\r\n\r\n");
  world.wait_for_waiters(1);
  world.add("web", "b");
  CHECK(client.read_http().status == 200);
  CHECK(client.is_at_end());
}

TEST_CASE("a drain is waited for as long as a cache may hold the instance") {
  World world;
  world.add("web", "a");
  Client client = world.http();
  client.send(request("POST /v1/services/web/instances/a/drain?wait=10s", ""));
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 200);
  CHECK(answer.body.find(R"("safe":true)") != std::string::npos);
}

TEST_CASE("a drain that is waited for is not answered early because the lease clock has stood still") {
  World world;
  world.add("web", "a");
  Client resolver = world.dns_udp();  // from now on a cache holds an answer with the instance, for a second
  resolver.send(answer::testing::query_of({.name = "web.svc.internal", .type = dns::Type::a}));
  CHECK(load_u16(resolver.receive().data() + 6) == 1);
  Client client = world.http();
  client.send(request("POST /v1/services/web/instances/a/drain?wait=10s", ""));
  CHECK(client.is_silent_for(std::chrono::milliseconds(1500)));
  world.pass(std::chrono::seconds(1));
  CHECK(client.read_http().body.find(R"("safe":true)") != std::string::npos);
}

TEST_CASE("a server that stops answers everybody who waits") {
  World world;
  world.add("web", "a");
  Client client = world.http();
  client.send(wait_for("web", 1));
  world.wait_for_waiters(1);
  world.stop();
  CHECK(client.read_http().status == 200);
}

TEST_CASE("the history is read in its turn") {
  World world;
  world.history().events = {{.id = 1, .key = registry::testing::key("web", "a")},
                            {.id = 2, .key = registry::testing::key("db", "x")}};
  Client client = world.http();
  client.send(request("GET /v1/events") + request("GET /v1/events?service=db&limit=1") + request("GET /healthz"));
  const HttpAnswer all = client.read_http();
  CHECK(all.status == 200);
  CHECK(all.body.find(R"("event_id":2)") < all.body.find(R"("event_id":1)"));
  CHECK(client.read_http().body.find(R"("event_id":1,)") == std::string::npos);
  CHECK(client.read_http().body == R"({"status":"up"})");
}

TEST_CASE("a history that takes no more questions is 503") {
  World world;
  world.history().is_full = true;
  Client client = world.http();
  client.send(request("GET /v1/events"));
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 503);
  CHECK(answer.fields.contains("Retry-After"));
}

}  // namespace
}  // namespace rollcall::net
