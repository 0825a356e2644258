// Which request leads where.
#include <string>

#include "api/router.h"
#include "base/limits.h"
#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native {
namespace {

using namespace testing;

TEST_CASE("a path nobody has is a 404") {
  World world;
  for (const char* target :
       {"/v1", "/v1/", "/v2/services", "/v1/services/", "/v1/services//instances/a", "/v1/services/web/instances/",
        "/v1/services/web/", "/V1/services", "/v1/watches", "/v1/event", "/v1/services/web/instances/a/drain/",
        "/v1/services/web/instances/a/heartbeat/", "/v1/heartbeat/x", "/v1/services/../status", "/healthz/",
        "/a/b/c/d/e/f/g/h/i"}) {
    CAPTURE(target);
    for (const Method method : {Method::get, Method::post, Method::del}) {
      CHECK(problem_of(world.call(method, target)) == "404 no_such_path");
    }
  }
}

TEST_CASE("a path asked with another method is a 405 that names those it takes") {
  World world;
  const auto allowed = [&](Method method, std::string_view target) {
    const Response response = world.call(method, target, "{}");
    CHECK(problem_of(response) == "405 method_not_allowed");
    return header_of(response, "Allow");
  };
  CHECK(allowed(Method::get, "/v1/heartbeat") == "POST");
  CHECK(allowed(Method::head, "/v1/heartbeats") == "POST");
  CHECK(allowed(Method::put, "/v1/services/web/instances") == "POST");
  CHECK(allowed(Method::post, "/v1/services/web/instances/a") == "GET, HEAD, PUT, DELETE, PATCH");
  CHECK(allowed(Method::other, "/v1/services/web/instances/a") == "GET, HEAD, PUT, DELETE, PATCH");
  CHECK(allowed(Method::put, "/v1/services/web") == "GET, HEAD, DELETE");
  CHECK(allowed(Method::post, "/v1/services") == "GET, HEAD");
  CHECK(allowed(Method::get, "/v1/services/web/instances/a/heartbeat") == "POST");
  for (const char* target : {"/v1/status", "/healthz", "/readyz", "/metrics"}) {
    CHECK(allowed(Method::post, target) == "GET, HEAD");
  }
}

TEST_CASE("HEAD is answered as GET is") {
  World world;
  world.expect_registered("a");
  for (const char* target : {"/v1/services", "/v1/services/web", "/v1/services/web/instances/a", "/v1/status",
                             "/healthz", "/readyz", "/metrics", "/v1/services/none"}) {
    const Response head = world.call(Method::head, target);
    const Response get = world.get(target);
    CHECK(head.status == get.status);
    CHECK(head.body == get.body);
    CHECK(head.headers == get.headers);
  }
}

TEST_CASE("a target that is no URL is a 400") {
  World world;
  for (const char* target : {"", "*", "v1/status", "/v1/services/w b", "/v1/services/%zz", "/v1/status#top"}) {
    CHECK(problem_of(world.get(target)) == "400 bad_target");
  }
  CHECK(world.get("http://192.0.2.1:8500/v1/status").status == 200);
}

TEST_CASE("every call takes a zone, and no other parameter it does not know") {
  World world;
  world.expect_registered("a");
  for (const char* path : {"/v1/services", "/v1/services/web", "/v1/services/web/instances/a", "/v1/status", "/healthz",
                           "/readyz", "/metrics"}) {
    const std::string target(path);
    CHECK(world.get(target + "?zone=svc.internal").status == 200);
    CHECK(world.get(target + "?").status == 200);
    CHECK(problem_of(world.get(target + "?zone=x.example")) == "404 unknown_zone zone");
    CHECK(problem_of(world.get(target + "?pretty=1")) == "400 invalid_field pretty");
  }
  CHECK(world.post("/v1/services/web/instances/a/heartbeat?zone=svc.internal").status == 200);
  CHECK(problem_of(world.post("/v1/services/web/instances/a/heartbeat?ttl=5")) == "400 invalid_field ttl");
  CHECK(problem_of(world.del("/v1/services/web/instances/a?force=1")) == "400 invalid_field force");
  CHECK(problem_of(world.get("/v1/services?index=1&wait=30s")) == "400 invalid_field index");
  CHECK(problem_of(world.get("/v1/services?tag=a")) == "400 invalid_field tag");
}

TEST_CASE("only the batch may have a large body") {
  const World world;
  CHECK(world.api.body_bytes_max({Method::post, "/v1/heartbeats", {}}) == limits::k_http_batch_body_bytes_max);
  CHECK(world.api.body_bytes_max({Method::post, "/v1/heartbeats?zone=svc.internal", {}}) ==
        limits::k_http_batch_body_bytes_max);
  CHECK(world.api.body_bytes_max({Method::put, "/v1/heartbeats", {}}) == limits::k_http_body_bytes_max);
  CHECK(world.api.body_bytes_max({Method::post, "/v1/heartbeat", {}}) == limits::k_http_body_bytes_max);
  CHECK(world.api.body_bytes_max({Method::get, "", {}}) == limits::k_http_body_bytes_max);
}

TEST_CASE("requests and their errors are counted") {
  World world;
  world.expect_registered("a");
  world.get("/v1/services");
  world.get("/nothing");
  world.post("/v1/heartbeat", "{");
  world.del("/v1/services/web/instances/b");
  world.server.reason = "not yet";
  world.get("/readyz");
  CHECK(world.counters.requests == 6);
  CHECK(world.counters.client_errors == 3);
  CHECK(world.counters.server_errors == 1);
}

TEST_CASE("no target, however odd, does more than fail") {
  World world;
  world.expect_registered("a");
  const std::string whole = "/v1/services/web/instances/a/heartbeat?zone=svc.internal";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string target = whole;
      target[i] = static_cast<char>(byte);
      const Response response = world.post(target);
      CHECK((response.status == 200 || response.status == 400 || response.status == 404 || response.status == 405));
      CHECK_NOTHROW(parse(response));
    }
  }
}

}  // namespace
}  // namespace rollcall::api::native
