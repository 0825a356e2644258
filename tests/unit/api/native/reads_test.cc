// What can be read, and what cannot.
#include <string>
#include <vector>

#include "api/native/describe.h"
#include "catch.h"
#include "registry/instance/wall_time.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::string> ids_of(const Response& response) {
  std::vector<std::string> ids;
  const boost::json::value body = parse(response);
  for (const boost::json::value& instance : body.at("instances").as_array()) ids.push_back(text_of(instance, "id"));
  return ids;
}
using Ids = std::vector<std::string>;

TEST_CASE("an instance is read with all its fields") {
  World world;
  world.put("/v1/services/web/instances/Node%201%23a", "{}");
  world.post(
      "/v1/heartbeat",
      R"({"service":"Web","id":"node_1","addresses":["192.0.2.7","2001:db8::7"],"port":443,"protocol":"udp",)"
      R"("priority":0,"weight":65535,"tags":["Blue","v2","blue"],"meta":{"version":"1.2","a\"b":"\\"},"ttl":90})");
  world.clock.advance(milliseconds(1500));
  const Response response = world.get("/v1/services/web/instances/node_1");
  CHECK(response.status == 200);
  CHECK(header_of(response, "X-Rollcall-Index") == "1");
  const boost::json::value body = parse(response);
  const std::string label = text_of(body, "label");
  CHECK(label == registry::label_of("node_1"));
  CHECK(response.body ==
        R"({"service":"web","zone":"svc.internal","id":"node_1","label":")" + label +
            R"(","status":"ready","ttl_ms":90000,"expires_in_ms":88500,"index":1,"address":"192.0.2.7",)"
            R"("addresses":["192.0.2.7","2001:db8::7"],"port":443,"protocol":"udp","priority":0,"weight":65535,)"
            R"("tags":["blue","v2"],"meta":{"version":"1.2","a\"b":"\\"},"ttl":"1m30s",)"
            R"("registered_at":"2026-01-31T09:30:00.250Z","status_since":"2026-01-31T09:30:00.250Z"})");
}

TEST_CASE("a service is read with its instances in the order of their ids") {
  World world;
  world.expect_registered("b", R"(,"tags":["blue"])");
  world.expect_registered("c", R"(,"tags":["green","blue"])");
  world.expect_registered("a");
  const Response response = world.get("/v1/services/WEB");
  CHECK(text_of(parse(response), "service") == "web");
  CHECK(text_of(parse(response), "zone") == "svc.internal");
  CHECK(number_of(parse(response), "index") == 3);
  CHECK(header_of(response, "X-Rollcall-Index") == "3");
  CHECK(ids_of(response) == Ids{"a", "b", "c"});
  CHECK(ids_of(world.get("/v1/services/web?tag=BLUE")) == Ids{"b", "c"});
  CHECK(ids_of(world.get("/v1/services/web?tag=red")).empty());
  CHECK(ids_of(world.get("/v1/services/web?status=ready&tag=green")) == Ids{"c"});
  CHECK(ids_of(world.get("/v1/services/web?status=draining")).empty());
}

TEST_CASE("draining instances are read by their status, and are not counted as ready") {
  World world;
  const auto record = [](const char* id, registry::Status status) {
    registry::InstanceRecord made;
    made.registration.key = {{registry::ZoneId{0}, "web"}, id};
    made.registration.addresses = {*IpAddress::parse("192.0.2.1")};
    made.registration.port = 80;
    made.registration.ttl = seconds(15);
    made.standing = status;
    return made;
  };
  registry::Restored restored;
  restored.services.push_back(
      {{registry::ZoneId{0}, "web"}, 2, registry::to_set(registry::Protocol::tcp), std::nullopt});
  restored.instances = {record("a", registry::Status::draining), record("b", registry::Status::ready)};
  world.registry.restore(std::move(restored), world.clock.now(), k_wall_now);
  CHECK(ids_of(world.get("/v1/services/web?status=draining")) == Ids{"a"});
  CHECK(ids_of(world.get("/v1/services/web?status=ready")) == Ids{"b"});
  CHECK(number_of(parse(world.get("/v1/services")).at("services").at(0), "ready") == 1);
  CHECK(number_of(parse(world.get("/v1/services")).at("services").at(0), "total") == 2);
  CHECK(text_of(parse(world.post("/v1/services/web/instances/a/heartbeat")), "status") == "draining");
  // Whether it drains is no part of a registration: the same registration is a renewal.
  CHECK(text_of(parse(world.put("/v1/services/web/instances/a", R"({"address":"192.0.2.1","port":80})")), "status") ==
        "draining");
  CHECK_FALSE(world.was_submitted);
}

TEST_CASE("an instance whose lease has ended is in no read, swept or not") {
  World world;
  world.expect_registered("a", R"(,"ttl":5,"tags":["old"])");
  world.expect_registered("b", R"(,"ttl":10,"tags":["new"])");
  world.clock.advance(milliseconds(4999));
  CHECK(ids_of(world.get("/v1/services/web")) == Ids{"a", "b"});
  world.clock.advance(milliseconds(1));
  CHECK(world.registry.counts().instances == 2);
  CHECK(ids_of(world.get("/v1/services/web")) == Ids{"b"});
  CHECK(problem_of(world.get("/v1/services/web/instances/a")) == "404 unknown_instance");
  CHECK(world.get("/v1/services").body ==
        R"({"services":[{"service":"web","zone":"svc.internal","ready":1,"total":1,"tags":["new"]}]})");
}

TEST_CASE("a service that has lost its last instance is known and empty") {
  World world;
  world.expect_registered("a");
  world.del("/v1/services/web/instances/a");
  const Response response = world.get("/v1/services/web");
  CHECK(response.status == 200);
  CHECK(ids_of(response).empty());
  CHECK(world.get("/v1/services").body ==
        R"({"services":[{"service":"web","zone":"svc.internal","ready":0,"total":0,"tags":[]}]})");
}

TEST_CASE("a service nobody has registered is a 404") {
  World world;
  CHECK(problem_of(world.get("/v1/services/web")) == "404 unknown_service");
  CHECK(problem_of(world.get("/v1/services/w_b")) == "400 invalid_field service");
  CHECK(problem_of(world.get("/v1/services/web/instances/a")) == "404 unknown_instance");
  CHECK(problem_of(world.get("/v1/services/web/instances/a%20b")) == "400 invalid_field id");
}

TEST_CASE("services are listed by name, each with the tags of its live instances") {
  World world;
  CHECK(world.get("/v1/services").body == R"({"services":[]})");
  for (const char* service : {"web", "db", "cache"}) {
    const std::string path = std::string("/v1/services/") + service + "/instances/";
    world.put(path + "1", R"({"address":"192.0.2.1","port":80,"tags":["z","m"]})");
    world.put(path + "2", R"({"address":"192.0.2.2","port":80,"tags":["a","m"]})");
  }
  world.put("/v1/services/apart/instances/1?zone=lab.example", R"({"address":"192.0.2.1","port":80})");
  const Response response = world.get("/v1/services");
  CHECK(header_of(response, "X-Rollcall-Index") == "7");
  CHECK(response.body ==
        R"({"services":[{"service":"cache","zone":"svc.internal","ready":2,"total":2,"tags":["a","m","z"]},)"
        R"({"service":"db","zone":"svc.internal","ready":2,"total":2,"tags":["a","m","z"]},)"
        R"({"service":"web","zone":"svc.internal","ready":2,"total":2,"tags":["a","m","z"]}]})");
  CHECK(world.get("/v1/services?zone=lab.example").body ==
        R"({"services":[{"service":"apart","zone":"lab.example","ready":1,"total":1,"tags":[]}]})");
}

TEST_CASE("the server tells how it is") {
  World world;
  CHECK(world.get("/v1/status").body == R"({"version":"0.0.0"})");
  CHECK(world.get("/healthz").status == 200);
  CHECK(world.get("/readyz").status == 200);
  const Response metrics = world.get("/metrics");
  CHECK(metrics.body == "rollcall_up 1\n");
  CHECK(metrics.content_type == "text/plain; version=0.0.4; charset=utf-8");
  world.server.reason = "the database cannot be written: disk full";
  const Response unready = world.get("/readyz");
  CHECK(problem_of(unready) == "503 not_ready");
  CHECK(detail_of(unready) == world.server.reason);
  CHECK(header_of(unready, "Retry-After") == "1");
  CHECK(world.get("/healthz").status == 200);
}

TEST_CASE("wall times are read as RFC 3339") {
  using registry::WallTime;
  CHECK(registry::format_wall_time(WallTime{}) == "1970-01-01T00:00:00.000Z");
  CHECK(registry::format_wall_time(WallTime{milliseconds(1'709'251'199'999)}) == "2024-02-29T23:59:59.999Z");
}

}  // namespace
}  // namespace rollcall::api::native
