// Registering and deregistering.
#include <string>

#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native {
namespace {

using namespace testing;

constexpr std::string_view k_web_registration = R"({"service":"web","id":"i-1","address":"192.0.2.1","port":8080})";
constexpr std::string_view k_path = "/v1/services/web/instances/i-1";

TEST_CASE("a new registration answers 201 with where it can be found") {
  World world;
  const Response response = world.post("/v1/heartbeat", k_web_registration);
  CHECK(response.status == 201);
  CHECK(response.content_type == "application/json");
  CHECK(header_of(response, "Location") == k_path);
  CHECK(response.body ==
        R"({"service":"web","zone":"svc.internal","id":"i-1","label":"i-1","status":"ready","ttl_ms":15000,)"
        R"("expires_in_ms":15000,"index":1,"dns":{"address":"web.svc.internal","srv":"_web._tcp.svc.internal",)"
        R"("instance":"i-1.web.svc.internal"}})");
}

TEST_CASE("a registration that changes nothing is a renewal, and costs no write") {
  World world;
  world.post("/v1/heartbeat", k_web_registration);
  const std::string first = world.get(k_path).body;
  world.clock.advance(std::chrono::seconds(10));
  const std::string same =
      R"({"port":8080,"ttl":"15s","tags":[],"addresses":["192.0.2.1"],"id":"i-1","service":"WEB"})";
  for (const std::string_view body : {k_web_registration, std::string_view(same)}) {
    const Response response = world.post("/v1/heartbeat", body);
    CHECK(response.status == 200);
    CHECK_FALSE(world.was_submitted);
    CHECK(number_of(parse(response), "expires_in_ms") == 15000);
    CHECK(number_of(parse(response), "index") == 1);
    CHECK(text_of(parse(response).at("dns"), "srv") == "_web._tcp.svc.internal");
    CHECK(header_of(response, "Location").empty());
  }
  CHECK(world.journal.records == 1);
  CHECK(world.counters.heartbeats == 2);
  CHECK(world.get(k_path).body == first);
}

TEST_CASE("a body that is sent again is held against the roll as it is now") {
  World world;
  const std::string body = R"({"service":"web","id":"i-1","address":"192.0.2.1","port":8080})";
  const auto send = [&](std::string_view query = "") { return world.post("/v1/heartbeat" + std::string(query), body); };
  CHECK(send().status == 201);
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(std::chrono::seconds(10));
    const Response again = send();
    CHECK(again.status == 200);
    CHECK(number_of(parse(again), "expires_in_ms") == 15'000);
    CHECK_FALSE(world.was_submitted);
  }
  SECTION("somebody else has changed it") {
    Caller other{*IpAddress::parse("127.0.0.1")};
    std::swap(other, world.caller);
    CHECK(world.put("/v1/services/web/instances/i-1", R"({"address":"192.0.2.1","port":9090})").status == 200);
    std::swap(other, world.caller);
    CHECK(send().status == 200);
    CHECK(world.was_submitted);
    CHECK(number_of(parse(world.get("/v1/services/web/instances/i-1")), "port") == 8080);
  }
  SECTION("it is gone") {
    CHECK(world.del("/v1/services/web/instances/i-1").status == 204);
    CHECK(send().status == 201);
  }
  SECTION("its lease has ended") {
    world.clock.advance(std::chrono::seconds(15));
    CHECK(send().status == 201);
  }
  SECTION("the settings have another lease for who names none: that is for those who come") {
    world.server.bounds.standard = std::chrono::seconds(30);
    const Response same = send();
    CHECK_FALSE(world.was_submitted);
    CHECK(number_of(parse(same), "ttl_ms") == 15'000);
    CHECK(world.del("/v1/services/web/instances/i-1").status == 204);
    CHECK(number_of(parse(send()), "ttl_ms") == 30'000);
    CHECK(send().status == 200);
    CHECK_FALSE(world.was_submitted);
  }
  SECTION("another zone is meant") {
    CHECK(send("?zone=lab.example").status == 201);
    CHECK(send("?zone=lab.example").status == 200);
    CHECK(send().status == 200);
    CHECK_FALSE(world.was_submitted);
  }
  SECTION("who sends it may not any more") {
    AccessRules rules;
    rules.tokens.push_back({"reader", Sha256{}, {Right::read, std::nullopt, {"*"}}});
    world.access.replace(std::move(rules));
    CHECK(send().status == 401);
  }
}

TEST_CASE("a body is remembered up to a kilobyte, and a longer one is read each time, to the same") {
  World world;
  for (const std::size_t bytes : {k_remembered_body_bytes_max, k_remembered_body_bytes_max + 1}) {
    std::string body = R"({"service":"web","address":"192.0.2.1","port":8080,"id":")" + std::to_string(bytes) + "\"}";
    body.append(bytes - body.size(), ' ');
    CHECK(world.post("/v1/heartbeat", body).status == 201);
    for (int i = 0; i < 3; ++i) CHECK(world.post("/v1/heartbeat", body).status == 200);
    const LastRegistration& last = world.caller.last_registration();
    const bool is_known = last.find({body, std::nullopt, world.server.bounds}) != nullptr;
    CHECK(is_known == (bytes == k_remembered_body_bytes_max));
  }
}

TEST_CASE("a registration that changes a field is an update") {
  World world;
  world.post("/v1/heartbeat", k_web_registration);
  const Response response = world.put(k_path, R"({"address":"192.0.2.1","port":8081,"protocol":"udp"})");
  CHECK(response.status == 200);
  CHECK(world.was_submitted);
  CHECK(number_of(parse(response), "index") == 2);
  CHECK(text_of(parse(response).at("dns"), "srv") == "_web._udp.svc.internal");
  CHECK(number_of(parse(world.get(k_path)), "port") == 8081);
}

TEST_CASE("a registration after the end of the lease is a new one") {
  World world;
  world.post("/v1/heartbeat", k_web_registration);
  world.clock.advance(std::chrono::seconds(15));
  CHECK(world.post("/v1/heartbeat", k_web_registration).status == 201);
}

TEST_CASE("an id that is not given is derived from address and port") {
  World world;
  const Response response =
      world.post("/v1/services/Web/instances", R"({"addresses":["2001:db8::1","192.0.2.1"],"port":80})");
  CHECK(response.status == 201);
  CHECK(text_of(parse(response), "id") == "2001:db8::1-80");
  CHECK(header_of(response, "Location") == "/v1/services/web/instances/2001%3Adb8%3A%3A1-80");
  CHECK(world.get(header_of(response, "Location")).status == 200);
  CHECK(text_of(parse(response).at("dns"), "instance") == text_of(parse(response), "label") + ".web.svc.internal");
}

TEST_CASE("an id of any printable characters finds its way through the path") {
  World world;
  const Response put =
      world.put("/v1/services/web/instances/%C3%A4%22%5C%3F%25+x", R"({"address":"192.0.2.1","port":80})");
  CHECK(put.status == 201);
  CHECK(text_of(parse(put), "id") == "ä\"\\?%+x");
  CHECK(world.get(header_of(put, "Location")).status == 200);
  CHECK(text_of(parse(world.get(header_of(put, "Location"))), "id") == "ä\"\\?%+x");
  CHECK(world.post(header_of(put, "Location") + "/heartbeat").status == 200);
  CHECK(world.del(header_of(put, "Location")).status == 204);
}

TEST_CASE("body and path may not contradict each other") {
  World world;
  CHECK(problem_of(world.put(k_path, R"({"service":"db","address":"192.0.2.1","port":80})")) ==
        "400 invalid_field service");
  CHECK(problem_of(world.put(k_path, R"({"id":"i-2","address":"192.0.2.1","port":80})")) == "400 invalid_field id");
  CHECK(problem_of(world.post("/v1/services/db/instances", k_web_registration)) == "400 invalid_field service");
  CHECK(problem_of(world.post("/v1/heartbeat?zone=lab.example",
                              R"({"zone":"svc.internal","service":"web","address":"192.0.2.1","port":80})")) ==
        "400 invalid_field zone");
  CHECK(world.journal.records == 0);
  CHECK(world.put(k_path, R"({"service":"WEB","id":"i-1","zone":"svc.internal","address":"192.0.2.1","port":80})")
            .status == 201);
}

TEST_CASE("a zone is named in the query or in the body") {
  World world;
  const Response by_query =
      world.put("/v1/services/web/instances/a?zone=lab.example", R"({"address":"192.0.2.1","port":80})");
  CHECK(text_of(parse(by_query), "zone") == "lab.example");
  CHECK(header_of(by_query, "Location") == "/v1/services/web/instances/a?zone=lab.example");
  const Response by_body =
      world.put("/v1/services/web/instances/b", R"({"zone":"lab.example","address":"192.0.2.1","port":80})");
  CHECK(text_of(parse(by_body).at("dns"), "instance") == "b.web.lab.example");
  CHECK(world.get("/v1/services/web").status == 404);
  CHECK(parse(world.get("/v1/services/web?zone=lab.example")).at("instances").as_array().size() == 2);
  CHECK(problem_of(world.post("/v1/heartbeat", R"({"zone":"x.example"})")) == "404 unknown_zone zone");
  CHECK(problem_of(world.post("/v1/heartbeat?zone=x.example", k_web_registration)) == "404 unknown_zone zone");
}

TEST_CASE("the SRV name of a service with 63 letters is the plain name") {
  World world;
  const std::string name(63, 'a');
  const Response response =
      world.post("/v1/services/" + name + "/instances", R"({"id":"i","address":"192.0.2.1","port":80})");
  CHECK(text_of(parse(response).at("dns"), "srv") == name + ".svc.internal");
  const std::string shorter(62, 'a');
  const Response fits =
      world.post("/v1/services/" + shorter + "/instances", R"({"id":"i","address":"192.0.2.1","port":80})");
  CHECK(text_of(parse(fits).at("dns"), "srv") == "_" + shorter + "._tcp.svc.internal");
}

TEST_CASE("a name of the zone file cannot be registered") {
  World world;
  const Response response = world.post("/v1/heartbeat", R"({"service":"www","address":"192.0.2.1","port":80})");
  CHECK(problem_of(response).starts_with("409 conflict"));
}

TEST_CASE("a deregistered instance is gone, and cannot be deregistered again") {
  World world;
  world.post("/v1/heartbeat", k_web_registration);
  const Response gone = world.del(k_path);
  CHECK(gone.status == 204);
  CHECK(gone.body.empty());
  CHECK(world.get(k_path).status == 404);
  CHECK(problem_of(world.del(k_path)) == "404 unknown_instance");
}

TEST_CASE("a deregistration waits for registrations that are queued ahead of it") {
  World world;
  world.del(k_path);
  CHECK(world.was_submitted);
}

TEST_CASE("a store that cannot write is a 503 to be tried again, and nothing is done") {
  World world;
  world.expect_registered("i-0");
  for (const auto& [code, text] :
       {std::pair(Errc::store_busy, "503 store_busy"), std::pair(Errc::store_failed, "503 store_failed")}) {
    world.journal.fails_with = code;
    for (const Response& response :
         {world.post("/v1/heartbeat", k_web_registration), world.del("/v1/services/web/instances/i-0"),
          world.put("/v1/services/web/instances/i-0", R"({"address":"192.0.2.9","port":80})")}) {
      CHECK(problem_of(response) == text);
      CHECK(header_of(response, "Retry-After") == "1");
    }
    CHECK(world.get(k_path).status == 404);
    CHECK(text_of(parse(world.get("/v1/services/web/instances/i-0")), "address") == "192.0.2.1");
    CHECK(world.post("/v1/services/web/instances/i-0/heartbeat").status == 200);
  }
  CHECK(world.counters.server_errors == 6);
  world.journal.fails_with.reset();
  CHECK(world.post("/v1/heartbeat", k_web_registration).status == 201);
}

TEST_CASE("an answer can be made when the request is gone") {
  World world;
  std::string target(k_path);
  std::string body = R"({"address":"192.0.2.1","port":80})";
  Routed routed = world.api.route({.method = Method::put, .target = target, .body = body, .caller = &world.caller},
                                  world.clock.now(), world.counters);
  target.assign(target.size(), 'x');
  body.assign(body.size(), 'x');
  const registry::Applied applied{.created = true, .changed = true, .label = "i-1", .index = 9, .expires_at = {}};
  const Response response = std::get<Response>(std::get<Submission>(routed).describe(applied, world.clock.now()));
  CHECK(text_of(parse(response), "id") == "i-1");
  CHECK(number_of(parse(response), "expires_in_ms") == 0);
}

}  // namespace
}  // namespace rollcall::api::native
