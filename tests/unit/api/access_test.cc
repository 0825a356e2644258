// Who is let in, for which call.
#include "api/access.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api {
namespace {

using namespace testing;

constexpr std::string_view k_reader = "reader-0123456789";
constexpr std::string_view k_writer = "writer-0123456789";
constexpr std::string_view k_lab = "lab-0123456789abc";
constexpr std::string_view k_admin = "admin-0123456789a";
constexpr registry::ZoneId k_second_zone{1};

Token token(std::string name, std::string_view secret, Grant grant) {
  return {std::move(name), sha256(secret), std::move(grant)};
}

AccessRules rules() {
  return {.tokens = {token("reader", k_reader, {.right = Right::read, .zones = {}}),
                     token("writer", k_writer, {.right = Right::write, .zones = {}, .services = {"web", "batch-*"}}),
                     token("lab", k_lab, {.right = Right::write, .zones = {{k_second_zone}}}),
                     token("boss", k_admin, {.right = Right::admin, .zones = {}})},
          .certificates = {{"db-?.example.net", {.right = Right::write, .zones = {}, .services = {"db"}}}}};
}

struct Guarded : World {
  Guarded() { access.replace(rules()); }
  Response as(std::string_view secret, Method method, std::string_view target, std::string_view body = {}) {
    authorization = "Bearer " + std::string(secret);
    return call(method, target, body);
  }
};

constexpr std::string_view k_web = R"({"service":"web","id":"a","address":"192.0.2.1","port":80})";

const std::vector<std::pair<Method, std::string>> k_changes = {
    {Method::post, "/v1/heartbeat"},
    {Method::post, "/v1/heartbeats"},
    {Method::post, "/v1/services/web/instances"},
    {Method::put, "/v1/services/web/instances/a"},
    {Method::del, "/v1/services/web/instances/a"},
    {Method::post, "/v1/services/web/instances/a/heartbeat"}};
const std::vector<std::string> k_reads = {"/v1/services",         "/v1/services/web", "/v1/services/web/instances/a",
                                          "/v1/explain?name=web", "/v1/status",       "/metrics"};

TEST_CASE("without tokens, this machine may do everything") {
  World world;
  for (const char* address : {"127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"}) {
    world.caller = Caller(*IpAddress::parse(address));
    CHECK(world.post("/v1/heartbeat", k_web).status < 300);
  }
  for (const std::string& target : k_reads) CHECK(world.get(target).status == 200);
}

TEST_CASE("without tokens, other machines may read and change nothing") {
  World world;
  world.expect_registered("a");
  const int records = world.journal.records;
  world.caller = Caller(*IpAddress::parse("192.0.2.9"));
  for (const std::string& target : k_reads) CHECK(world.get(target).status == 200);
  for (const auto& [method, target] : k_changes) {
    CAPTURE(target);
    const Response response = world.call(method, target, k_web);
    CHECK(problem_of(response) == "403 forbidden");
    CHECK(detail_of(response).find("[[token]]") != std::string::npos);
  }
  CHECK(world.journal.records == records);
  world.authorization = "Bearer whatever-it-may-be";
  CHECK(world.get("/v1/services").status == 200);
}

TEST_CASE("a page in a browser on this machine changes nothing without a token") {
  World world;
  world.expect_registered("a");
  world.is_from_page = true;
  for (const auto& [method, target] : k_changes) {
    CHECK(problem_of(world.call(method, target, k_web)) == "403 forbidden");
  }
  CHECK(world.get("/v1/services").status == 200);
  CHECK(world.registry.find_instance({{registry::ZoneId{0}, "web"}, "a"}) != nullptr);
  world.access.replace(rules());
  world.authorization = "Bearer " + std::string(k_writer);
  CHECK(world.post("/v1/heartbeat", k_web).status == 200);
}

TEST_CASE("who has no right for a call is refused by its head alone, like later by all of it") {
  Guarded world;
  const auto refused = [&](Method method, std::string_view target, std::string_view token) -> std::string {
    const std::string authorization = token.empty() ? "" : "Bearer " + std::string(token);
    const auto response = world.api.refuse_unread(
        {.method = method, .target = target, .body = {}, .authorization = authorization, .caller = &world.caller},
        world.counters);
    return response ? problem_of(*response) : "";
  };
  for (const auto& [method, target] : k_changes) {
    CHECK(refused(method, target, "") == "401 unauthenticated");
    CHECK(refused(method, target, "not-one-of-ours-at-all") == "401 unauthenticated");
    CHECK(refused(method, target, k_reader) == "403 forbidden");
    CHECK(refused(method, target, k_writer).empty());  // what it names is in the body, perhaps
  }
  CHECK(refused(Method::post, "/v1/nothing", k_admin) == "404 no_such_path");
  CHECK(refused(Method::put, "/v1/heartbeat", k_admin) == "405 method_not_allowed");
  CHECK(refused(Method::get, "/healthz", "").empty());
  CHECK(world.counters.requests == 3 * k_changes.size() + 2);
  CHECK(world.counters.unauthenticated == 2 * k_changes.size());
}

TEST_CASE("a certificate that has expired counts no longer, on the connection that was opened with it") {
  Guarded world;
  const auto now = std::chrono::system_clock::now();
  world.caller =
      Caller(*IpAddress::parse("192.0.2.9"), {.names = {"db-1.example.net"}, .ends_at = now + std::chrono::hours(1)});
  CHECK(world.get("/v1/services/db").status == 404);
  world.caller = Caller(*IpAddress::parse("192.0.2.9"), {.names = {"db-1.example.net"}, .ends_at = now});
  CHECK(problem_of(world.get("/v1/services/db")) == "401 unauthenticated");
  CHECK(detail_of(world.get("/v1/services/db")).find("expired") != std::string::npos);
  world.authorization = "Bearer " + std::string(k_reader);
  CHECK(world.get("/v1/services").status == 200);
}

TEST_CASE("where there is room for no long answer, short ones are given") {
  World world;
  world.expect_registered("a");
  const auto status = [&](Method method, std::string_view target, std::string_view body = {}) {
    const Routed routed = world.api.route({.method = method, .target = target, .body = body, .caller = &world.caller},
                                          world.clock.now(), world.counters, PendingAhead::nothing, MemoryRoom::little);
    const Response* response = std::get_if<Response>(&routed);
    return response == nullptr ? 0U : response->status;
  };
  for (const char* target : {"/v1/services", "/v1/services/web", "/v1/events", "/v1/watch", "/v1/explain?name=web"}) {
    CHECK(status(Method::get, target) == 503);
  }
  for (const char* target : {"/v1/services/web/instances/a", "/v1/status", "/metrics", "/healthz"}) {
    CHECK(status(Method::get, target) == 200);
  }
  CHECK(status(Method::post, "/v1/services/web/instances/a/heartbeat") == 200);
  CHECK(status(Method::del, "/v1/services/web/instances/a") == 0);  // for the writer
  CHECK(world.counters.without_room == 5);
}

TEST_CASE("open is open to every machine") {
  World world;
  world.access.replace({.tokens = {}, .certificates = {}, .open = true});
  world.caller = Caller(*IpAddress::parse("2001:db8::9"));
  CHECK(world.post("/v1/heartbeat", k_web).status == 201);
}

TEST_CASE("with tokens, no call but the probes goes without one, from this machine neither") {
  Guarded world;
  for (const std::string& target : k_reads) {
    const Response response = world.get(target);
    CHECK(problem_of(response) == "401 unauthenticated");
    CHECK(header_of(response, "WWW-Authenticate") == "Bearer realm=\"rollcall\"");
  }
  for (const auto& [method, target] : k_changes) CHECK(problem_of(world.call(method, target)) == "401 unauthenticated");
  CHECK(world.get("/healthz").status == 200);
  CHECK(world.get("/readyz").status == 200);
  CHECK(world.counters.unauthenticated == k_reads.size() + k_changes.size());
}

TEST_CASE("what is not a token of ours is a 401 that does not repeat it") {
  Guarded world;
  for (const std::string shown :
       {"Bearer nobody-has-this-one", "Basic cmVhZGVyOnNlY3JldA==", "Bearer", "Bearer ", "bearer\treader-0123456789",
        "Bearer reader-0123456789 more", "Bearer reader-012345678", "reader-0123456789", "Bearer ==", "\xff"}) {
    CAPTURE(shown);
    world.authorization = shown;
    const Response response = world.get("/v1/services");
    CHECK(problem_of(response) == "401 unauthenticated");
    CHECK(response.body.find("0123") == std::string::npos);
    CHECK(response.body.find("nobody-has") == std::string::npos);
  }
  world.authorization = "bEARER  reader-0123456789";
  CHECK(world.get("/v1/services").status == 200);
}

TEST_CASE("a token has 512 characters at most") {
  CHECK(is_token(std::string(limits::k_token_bytes_max, 'x')));
  CHECK_FALSE(is_token(std::string(limits::k_token_bytes_max + 1, 'x')));
}

TEST_CASE("who may read may not write") {
  Guarded world;
  CHECK(world.as(k_reader, Method::get, "/v1/services").status == 200);
  CHECK(world.as(k_reader, Method::get, "/metrics").status == 200);
  for (const auto& [method, target] : k_changes) {
    const Response response = world.as(k_reader, method, target, k_web);
    CHECK(problem_of(response) == "403 forbidden");
    CHECK(detail_of(response) == "token reader may read, and this call needs write");
  }
  CHECK(world.journal.records == 0);
  CHECK(world.counters.forbidden == k_changes.size());
}

TEST_CASE("who may write some services writes and sees those") {
  Guarded world;
  CHECK(world.as(k_admin, Method::put, "/v1/services/db/instances/a", R"({"address":"192.0.2.1","port":80})").status ==
        201);
  CHECK(world.as(k_writer, Method::post, "/v1/heartbeat", k_web).status == 201);
  CHECK(world.as(k_writer, Method::put, "/v1/services/Batch-7/instances/a", R"({"address":"192.0.2.1","port":80})")
            .status == 201);
  const std::string services = world.as(k_writer, Method::get, "/v1/services").body;
  CHECK(services.find("\"web\"") != std::string::npos);
  CHECK(services.find("\"db\"") == std::string::npos);
  for (const auto& [method, target, body] : std::vector<std::tuple<Method, std::string, std::string>>{
           {Method::get, "/v1/services/db", ""},
           {Method::get, "/v1/services/unheard-of", ""},
           {Method::get, "/v1/services/db/instances/a", ""},
           {Method::get, "/v1/explain?name=db", ""},
           {Method::del, "/v1/services/db/instances/a", ""},
           {Method::post, "/v1/services/db/instances/a/heartbeat", ""},
           {Method::put, "/v1/services/db/instances/b", R"({"address":"192.0.2.1","port":80})"},
           {Method::post, "/v1/services/db/instances", R"({"address":"192.0.2.1","port":80})"},
           {Method::post, "/v1/heartbeat", R"({"service":"db","address":"192.0.2.1","port":80})"}}) {
    CAPTURE(target);
    CHECK(problem_of(world.as(k_writer, method, target, body)) == "403 forbidden");
  }
  CHECK(world.as(k_writer, Method::get, "/v1/explain?name=web").status == 200);
  CHECK(world.as(k_admin, Method::get, "/v1/services/db/instances/a").status == 200);
  CHECK(world.as(k_admin, Method::get, "/v1/services/db/instances/b").status == 404);
}

TEST_CASE("a range is covered where all of it is") {
  const registry::ZoneId first{0};
  const Grant all{.right = Right::read, .zones = {}};
  const Grant some{.right = Right::read, .zones = {}, .services = {"web", "batch-*"}};
  const Grant lab{.right = Right::read, .zones = {{k_second_zone}}};
  CHECK(all.covers(std::nullopt, std::nullopt));
  CHECK(all.covers(first, "db"));
  CHECK(some.covers(std::nullopt, "batch-1"));
  CHECK_FALSE(some.covers(std::nullopt, "db"));
  CHECK_FALSE(some.covers(first, std::nullopt));
  CHECK(lab.covers(k_second_zone, std::nullopt));
  CHECK_FALSE(lab.covers(std::nullopt, "web"));
  CHECK_FALSE(lab.covers(first, "web"));
}

TEST_CASE("who may write in one zone writes there, whichever way the zone is named") {
  Guarded world;
  const std::string body = R"({"address":"192.0.2.1","port":80})";
  const std::string in_lab = R"({"zone":"lab.example","address":"192.0.2.1","port":80})";
  CHECK(world.as(k_lab, Method::put, "/v1/services/web/instances/a?zone=lab.example", body).status == 201);
  CHECK(world.as(k_lab, Method::put, "/v1/services/web/instances/b", in_lab).status == 201);
  CHECK(world.as(k_lab, Method::post, "/v1/services/web/instances", in_lab).status == 201);
  CHECK(world.as(k_lab, Method::get, "/v1/services?zone=lab.example").status == 200);
  const Response refused = world.as(k_lab, Method::put, "/v1/services/web/instances/a", body);
  CHECK(problem_of(refused) == "403 forbidden");
  CHECK(detail_of(refused) == "token lab may not write in zone svc.internal; ?zone= names another");
  CHECK(problem_of(world.as(k_lab, Method::get, "/v1/services")) == "403 forbidden");
  CHECK(problem_of(world.as(k_lab, Method::del, "/v1/services/web/instances/a")) == "403 forbidden");
}

TEST_CASE("a batch with one element that is not allowed renews none") {
  Guarded world;
  CHECK(world.as(k_writer, Method::post, "/v1/heartbeat", k_web).status == 201);
  const std::string batch = R"({"instances":[{"service":"web","id":"a"},{"service":"db","id":"a"}]})";
  CHECK(problem_of(world.as(k_writer, Method::post, "/v1/heartbeats", batch)) == "403 forbidden instances[1]");
  CHECK(world.counters.heartbeats == 0);
  CHECK(world.as(k_writer, Method::post, "/v1/heartbeats", R"({"instances":[{"service":"web","id":"a"}]})").status ==
        200);
  CHECK(world.counters.heartbeats == 1);
}

TEST_CASE("one connection may carry the tokens of many, and none lasts longer than its request") {
  Guarded world;
  CHECK(world.as(k_writer, Method::post, "/v1/heartbeat", k_web).status == 201);
  CHECK(world.as(k_reader, Method::post, "/v1/heartbeat", k_web).status == 403);
  CHECK(world.as(k_writer, Method::post, "/v1/heartbeat", k_web).status == 200);
  world.authorization.clear();
  CHECK(world.post("/v1/heartbeat", k_web).status == 401);
  CHECK(world.as("nobody-0123456789", Method::post, "/v1/heartbeat", k_web).status == 401);
}

TEST_CASE("tokens that are taken away are gone from open connections too") {
  Guarded world;
  CHECK(world.as(k_writer, Method::post, "/v1/heartbeat", k_web).status == 201);
  AccessRules fewer = rules();
  fewer.tokens.erase(fewer.tokens.begin() + 1);
  world.access.replace(fewer);
  CHECK(world.as(k_writer, Method::post, "/v1/heartbeat", k_web).status == 401);
  world.access.replace(rules());
  CHECK(world.as(k_writer, Method::post, "/v1/heartbeat", k_web).status == 200);
}

TEST_CASE("a client certificate is let in by the first rule that one of its names matches") {
  Guarded world;
  const std::string body = R"({"address":"192.0.2.1","port":80})";
  const auto put = [&](std::vector<std::string> names, std::string_view service) {
    world.caller = Caller(*IpAddress::parse("192.0.2.9"), {.names = std::move(names)});
    return problem_of(world.put("/v1/services/" + std::string(service) + "/instances/a", body + " "));
  };
  world.caller = Caller(*IpAddress::parse("192.0.2.9"), {.names = {"other.example.net", "DB-1.example.net"}});
  CHECK(world.put("/v1/services/db/instances/a", body).status == 201);
  CHECK(put({"db-1.example.net"}, "web") == "403 forbidden");
  CHECK(put({"db-10.example.net"}, "db") == "401 unauthenticated");
  CHECK(put({}, "db") == "401 unauthenticated");
  world.caller = Caller(*IpAddress::parse("192.0.2.9"), {.names = {"db-1.example.net"}});
  CHECK(world.as("nobody-0123456789", Method::put, "/v1/services/db/instances/a", body).status == 401);
  CHECK(world.as(k_reader, Method::put, "/v1/services/db/instances/a", body).status == 403);
}

TEST_CASE("metrics are read without a token where the settings say so") {
  Guarded world;
  AccessRules opened = rules();
  opened.open_metrics = true;
  world.access.replace(opened);
  CHECK(world.get("/metrics").status == 200);
  CHECK(world.get("/v1/status").status == 401);
}

TEST_CASE("a path that is not there is 404 to everybody, and a wrong method 405") {
  Guarded world;
  CHECK(problem_of(world.get("/v1/nothing")) == "404 no_such_path");
  CHECK(problem_of(world.post("/v1/services")) == "405 method_not_allowed");
}

}  // namespace
}  // namespace rollcall::api
