// A second door beside the native one: other paths, other manners, other errors; the router is as it was.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "api/permission.h"
#include "base/rcu.h"
#include "catch.h"
#include "unit/api/fixture.h"

namespace rollcall::api {
namespace {

using namespace testing;

Response text(unsigned status, std::string body) { return {status, "text/plain; charset=utf-8", std::move(body), {}}; }

// GET /v1/catalog/*: the addresses of a service, one a line; `?index=&wait=` waits for a change.
std::string addresses_of(const registry::Registry& registry, const registry::ServiceKey& key) {
  const rcu::ReadLock lock;
  const registry::Service* service = registry.find_service(key.ref());
  std::string lines;
  if (service == nullptr) return lines;
  for (const registry::Instance* instance : service->instances) lines += instance->addresses().front().text() + '\n';
  return lines;
}

Routed read_catalog(const Call& call) {
  std::string room;
  registry::ServiceKey key{registry::ZoneId{0}, std::string(decode(call.path.rest, room))};
  if (!permit(call, key.ref())) return text(403, "Permission denied");
  const registry::Service* service = call.registry.find_service(key.ref());
  const registry::ChangeIndex index = service == nullptr ? 0 : service->index;
  const std::string* known = call.query.find("index");
  if (known == nullptr || *known != std::to_string(index)) return text(200, addresses_of(call.registry, key));
  return Wait{.until = registry::await_service(call.waiters, call.registry, key, index),
              .at_most = std::chrono::seconds(1),
              .answer = [key, &registry = call.registry](registry::LeaseTime) {
                return text(200, addresses_of(registry, key));
              }};
}

// PUT and GET /v1/agent/service/deregister/*: an id may have slashes.
Routed leave(const Call& call) {
  if (call.query.has("refuse")) return text(400, "refused");
  std::string room;
  registry::InstanceKey key{{registry::ZoneId{0}, "web"}, std::string(decode(call.path.rest, room))};
  if (!permit(call, key.service.ref())) return text(403, "Permission denied");
  return Submission{registry::Deregister{std::move(key)},
                    [](const registry::Outcome& outcome, registry::LeaseTime) -> std::variant<Response, Wait> {
                      return outcome ? text(200, "") : text(404, "Unknown service ID");
                    }};
}

// GET /v1/agent/{name}: its parameters, as they were read.
Routed echo(const Call& call) {
  std::string all(call.path.captures[0]);
  for (const std::string_view tag : call.query.all("tag")) all.append(" tag=").append(tag);
  return text(200, all + std::string(call.request.header("Padding")));
}

constexpr Route k_routes[] = {
    {Method::get, "/v1/catalog/*", Right::read, &read_catalog, Effect::none, {.answer = AnswerSize::any}},
    {{Method::put, Method::get}, "/v1/agent/service/deregister/*", Right::write, &leave, Effect::change},
    {Method::get, "/v1/agent/{name}", Right::none, &echo, Effect::none, {.body_bytes_max = 10}},
};
constexpr std::string_view k_claims[] = {"/v1/catalog/", "/v1/agent/"};

Result<std::string_view> read_whole(std::string_view sent) { return sent; }

class TextDoor final : public Door {
 public:
  std::span<const Route> routes() const override { return k_routes; }
  const Manners& manners() const override { return manners_; }
  Response refuse(Refusal refusal, const Request&) const override {
    Response response = text(refusal.status, std::move(refusal.detail));
    response.headers = std::move(refusal.headers);
    return response;
  }
  Credentials credentials_of(const Request& request, const Query& query) const override {
    const std::string* token = query.find("token");
    return {token != nullptr ? std::string_view(*token) : request.header("X-Token"), &read_whole};
  }

 private:
  Manners manners_{.claims = k_claims,
                   .parameters = ParameterManner::tolerant,
                   .ignores_final_slash = true,
                   .allows_other_origins = true,
                   .is_conditional = true,
                   .compresses = true};
};

struct TwoDoors : World {
  TextDoor second;
  Router router{registry, zones, waiters, access, {&door, &second}};

  Routed route(Method method, std::string_view target, std::string_view body = {}) {
    return router.route({.method = method, .target = target, .body = body, .caller = &caller, .fields = &fields},
                        clock.now(), counters);
  }
  Response ask(Method method, std::string_view target, std::string_view body = {}) {
    return std::get<Response>(route(method, target, body));
  }
  Response get(std::string_view target) { return ask(Method::get, target); }
};

TEST_CASE("two doors answer side by side, each on its paths and in its format") {
  TwoDoors world;
  world.expect_registered("a");
  CHECK(world.get("/v1/catalog/web").body == "192.0.2.1\n");
  CHECK(world.get("/v1/services/web").content_type == "application/json");
  const Response unknown = world.get("/v1/agent/a/b");
  CHECK(unknown.status == 404);
  CHECK(unknown.body == "there is nothing at /v1/agent/a/b");
  CHECK(unknown.content_type == "text/plain; charset=utf-8");
  CHECK(problem_of(world.get("/v1/nothing")) == "404 no_such_path");
  const Response wrong = world.ask(Method::post, "/v1/agent/self");
  CHECK(wrong.status == 405);
  CHECK(header_of(wrong, "Allow") == "GET, HEAD");
  CHECK(header_of(world.ask(Method::post, "/v1/agent/service/deregister/a"), "Allow") == "GET, PUT");
  CHECK(problem_of(world.ask(Method::put, "/v1/services")) == "405 method_not_allowed");
  CHECK(world.counters.client_errors == 5);
}

TEST_CASE("the rest of a path is captured as sent, slashes, escapes and all") {
  TwoDoors world;
  const auto deregistered = [&](std::string_view target) {
    Routed routed = world.route(Method::put, target);
    return std::get<registry::Deregister>(std::get<Submission>(routed).change.asked).key.id;
  };
  CHECK(deregistered("/v1/agent/service/deregister/host:web/1") == "host:web/1");
  CHECK(deregistered("/v1/agent/service/deregister/host%3Aweb%2F1") == "host:web/1");
  CHECK(deregistered("/v1/agent/service/deregister//a//") == "/a//");
  CHECK(deregistered("/v1/agent/service/deregister/") == "");
  CHECK(world.get("/v1/agent/service/deregister").status == 404);
}

TEST_CASE("a call with two methods changes the roll with both, and HEAD never does") {
  TwoDoors world;
  world.expect_registered("a:1");
  CHECK(world.ask(Method::head, "/v1/agent/service/deregister/a:1").status == 405);
  Routed routed = world.route(Method::get, "/v1/agent/service/deregister/a:1");
  Submission& submission = std::get<Submission>(routed);
  const auto outcomes = world.registry.apply(std::span(&submission.change, 1), world.clock, k_wall_now);
  const auto described = submission.describe(outcomes.at(0), world.clock.now());
  CHECK(std::get<Response>(described).status == 200);
  CHECK(world.get("/v1/catalog/web").body.empty());
}

TEST_CASE("a handler of a second door waits for a change") {
  TwoDoors world;
  world.expect_registered("a");
  const std::string index = std::to_string(number_of(parse(world.get("/v1/services/web")), "index"));
  Routed routed = world.route(Method::get, "/v1/catalog/web?index=" + index);
  Wait& wait = std::get<Wait>(routed);
  CHECK_FALSE(wait.until->is_over());
  world.expect_registered("b", R"(,"weight":7)");
  CHECK(wait.until->is_over());
  const Response response = wait.answer(world.clock.now());
  CHECK(response.body == "192.0.2.1\n192.0.2.1\n");
  CHECK_FALSE(header_of(response, "ETag").empty());
}

TEST_CASE("tolerant parameters: any case, unknown ones, repeats, and what cannot be decoded") {
  TwoDoors world;
  CHECK(world.get("/v1/agent/self?TAG=a+b&pretty&tag=%62&dc=&=x&tag").body == "self tag=a b tag=b tag=");
  CHECK(world.get("/v1/agent/self?tag=1%2B1").body == "self tag=1+1");
  CHECK(world.get("/v1/agent/self/").body == "self");
  CHECK(problem_of(world.get("/v1/status?pretty")) == "400 invalid_field pretty");
  CHECK(problem_of(world.get("/v1/status/")) == "404 no_such_path");
}

TEST_CASE("an answer that the client has already is not sent again") {
  TwoDoors world;
  world.expect_registered("a");
  const std::string tag = header_of(world.get("/v1/catalog/web"), "ETag");
  REQUIRE(tag.starts_with("W/\""));
  const std::string listed = "\"other\" , " + tag.substr(2);
  for (const std::string& known : {tag, listed, std::string("*")}) {
    world.fields.fields = {{"If-None-Match", known}};
    const Response same = world.get("/v1/catalog/web");
    CHECK(same.status == 304);
    CHECK(same.body.empty());
    CHECK(header_of(same, "ETag") == tag);
  }
  world.fields.fields = {{"If-None-Match", "\"other\""}};
  CHECK(world.get("/v1/catalog/web").status == 200);
  world.fields.fields = {{"If-None-Match", tag}};
  world.expect_registered("b");
  CHECK(world.get("/v1/catalog/web").status == 200);
  CHECK(header_of(world.get("/v1/services/web"), "ETag").empty());
}

TEST_CASE("an answer is compressed for clients that take it, if it is worth it") {
  TwoDoors world;
  const std::string padding(1000, 'x');
  const auto encoding = [&](std::string_view accepted, std::string_view more) {
    world.fields.fields = {{"Accept-Encoding", accepted}, {"Padding", more}};
    const Response response = world.get("/v1/agent/self");
    CHECK((response.body.size() < 100) == (response.body.starts_with("\x1f\x8b") || more.empty()));
    return header_of(response, "Content-Encoding");
  };
  for (const char* accepted : {"gzip", "deflate, GZIP", "br;q=1.0, gzip;q=0.5"})
    CHECK(encoding(accepted, padding) == "gzip");
  for (const char* accepted : {"", "identity", "gzip;q=0", "gzip; q=0.000", "xgzip"})
    CHECK(encoding(accepted, padding) == "");
  CHECK(encoding("gzip", "") == "");
}

TEST_CASE("a door finds credentials where its clients send them") {
  TwoDoors world;
  world.access.replace(
      {.tokens = {{"reader", sha256("reader-0123456789"), {.right = Right::read, .zones = {}}}}, .certificates = {}});
  const auto status = [&](std::string_view target) { return world.get(target).status; };
  CHECK(status("/v1/catalog/web") == 401);
  CHECK(status("/v1/catalog/web?token=reader-0123456789") == 200);
  CHECK(status("/v1/catalog/web?token=another-0123456789") == 401);
  world.fields.fields = {{"X-Token", "reader-0123456789"}};
  CHECK(status("/v1/catalog/web") == 200);
  CHECK(status("/v1/agent/service/deregister/a") == 403);
  CHECK(status("/v1/services") == 401);  // the native door reads the Authorization field alone
  CHECK(status("/v1/agent/self") == 200);
}

TEST_CASE("pages of other origins may read where the door allows it, and the browser's question is answered") {
  TwoDoors world;
  CHECK(header_of(world.get("/v1/agent/self"), "Access-Control-Allow-Origin") == "*");
  CHECK(header_of(world.get("/v1/status"), "Access-Control-Allow-Origin").empty());
  const Response preflight = world.ask(Method::options, "/v1/agent/self");
  CHECK(preflight.status == 204);
  CHECK(header_of(preflight, "Access-Control-Allow-Methods") == "GET, HEAD");
  CHECK(problem_of(world.ask(Method::options, "/v1/status")) == "405 method_not_allowed");
}

TEST_CASE("each route has its own bound of a body, and its own need of memory") {
  TwoDoors world;
  CHECK(world.router.body_bytes_max({.method = Method::get, .target = "/v1/agent/self", .body = {}}) == 10);
  CHECK(world.router.body_bytes_max({.method = Method::get, .target = "/v1/agent/self/", .body = {}}) == 10);
  CHECK(world.ask(Method::get, "/v1/agent/self", "0123456789").status == 200);
  const Response large = world.ask(Method::get, "/v1/agent/self", "0123456789a");
  CHECK(large.status == 413);
  CHECK(large.body == "the body is larger than the 10 bytes this call takes");
  CHECK(world.router.refuse_large_body({.method = Method::get, .target = "/v1/agent/self", .body = {}}, world.counters)
            .body == large.body);
  const Routed refused =
      world.router.route({.method = Method::get, .target = "/v1/catalog/web", .body = {}, .caller = &world.caller},
                         world.clock.now(), world.counters, PendingAhead::nothing, MemoryRoom::little);
  CHECK(std::get<Response>(refused).status == 503);
  CHECK(header_of(std::get<Response>(refused), "Retry-After") == "1");
}

TEST_CASE("behind changes on its connection a read of any door is routed again, and a change is not") {
  TwoDoors world;
  const auto behind = [&](Method method, std::string_view target) {
    return world.router.route({.method = method, .target = target, .body = {}, .caller = &world.caller},
                              world.clock.now(), world.counters, PendingAhead::changes);
  };
  CHECK(std::holds_alternative<RouteAgain>(behind(Method::get, "/v1/catalog/web")));
  CHECK(std::holds_alternative<Submission>(behind(Method::put, "/v1/agent/service/deregister/a")));
}

}  // namespace
}  // namespace rollcall::api
