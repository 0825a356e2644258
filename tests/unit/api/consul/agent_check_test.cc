// /v1/agent/check/…: what checks are told, the end of a TTL and what comes of it; who may do it.
#include "catch.h"
#include "consul/node_alias.h"
#include "unit/api/consul/world.h"

namespace rollcall::api::consul {
namespace {

using namespace testing;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view k_web = R"({"Name":"web","Port":80,"Check":{"TTL":"10s"}})";

TEST_CASE("consul: a TTL that runs out is critical at that instant, the service stays, and a pass revives it") {
  ConsulWorld world;
  world.expect_registered(k_web);
  CHECK(world.tell("/v1/agent/check/pass/service:web?note=fine") == "200");
  CHECK(world.is_answered("web", "web"));
  world.clock.advance(seconds(9));
  CHECK(world.tell("/v1/agent/check/pass/service:web") == "200");
  CHECK_FALSE(world.was_submitted);
  CHECK(world.counters.heartbeats == 1);
  world.advance(seconds(10) - std::chrono::milliseconds(1));
  CHECK(world.is_answered("web", "web"));
  world.clock.advance(std::chrono::milliseconds(1));
  CHECK(world.status_of("service:web") == "critical");  // before the sweep too
  world.advance(seconds(0));
  CHECK_FALSE(world.is_answered("web", "web"));
  CHECK(world.services().contains("web"));
  world.advance(std::chrono::hours(100));
  CHECK(world.services().contains("web"));
  CHECK(world.tell("/v1/agent/check/pass/service:web") == "200");
  CHECK(world.is_answered("web", "web"));
  world.advance(seconds(10));
  CHECK_FALSE(world.is_answered("web", "web"));
}

TEST_CASE("consul: pass, warn and fail, and the same by update") {
  ConsulWorld world;
  world.expect_registered(k_web);
  CHECK(world.tell("/v1/agent/check/warn/service:web?note=slow") == "200");
  CHECK(world.status_of("service:web") == "warning");
  CHECK(world.is_answered("web", "web"));
  CHECK(text_of(world.checks().at("service:web"), "Output") == "slow");
  CHECK(world.tell("/v1/agent/check/fail/service:web") == "200");
  CHECK_FALSE(world.is_answered("web", "web"));
  CHECK(world.tell("/v1/agent/check/update/service:web", R"({"Status":"passing","Output":"well"})") == "200");
  CHECK(world.status_of("service:web") == "passing");
  CHECK(world.tell("/v1/agent/check/update/service:web", R"({"status":"green"})") ==
        "400 Invalid check status: 'green'");
  CHECK(world.tell("/v1/agent/check/update/service:web", R"({)") == "400 Request decode failed: incomplete JSON");
  CHECK(world.tell("/v1/agent/check/pass/none") ==
        "404 Unknown check ID \"none\". Ensure that the check ID is passed, not the check name. CheckID \"none\" does "
        "not "
        "have associated TTL");
}

TEST_CASE("consul: another output alone is no change, and is shown at once") {
  ConsulWorld world;
  world.expect_registered(k_web);
  CHECK(world.tell("/v1/agent/check/pass/service:web?note=1") == "200");
  const int records = world.journal.records;
  CHECK(world.tell("/v1/agent/check/pass/service:web?note=2") == "200");
  CHECK(world.tell("/v1/agent/check/update/service:web", R"({"Status":"passing","Output":"3"})") == "200");
  CHECK(world.journal.records == records);
  CHECK(text_of(world.checks().at("service:web"), "Output") == "3");
  CHECK(world.tell("/v1/agent/check/fail/service:web?note=4") == "200");
  CHECK(text_of(world.checks().at("service:web"), "Output") == "4");
  const std::string long_note(5000, 'x');
  CHECK(world.tell("/v1/agent/check/fail/service:web?note=" + long_note) == "200");
  CHECK(text_of(world.checks().at("service:web"), "Output").size() == 4096);
}

TEST_CASE("consul: the deregistration of what stays critical") {
  ConsulWorld world;
  world.expect_registered(
      R"({"Name":"web","Check":{"TTL":"10s","Status":"passing","DeregisterCriticalServiceAfter":"1m"}})");
  world.advance(seconds(10));
  CHECK(world.status_of("service:web") == "critical");
  world.advance(seconds(59));
  CHECK(world.services().contains("web"));
  CHECK(world.tell("/v1/agent/check/pass/service:web") == "200");
  world.advance(seconds(9));
  CHECK(world.status_of("service:web") == "passing");
  world.advance(seconds(1));
  world.advance(minutes(1));
  CHECK(world.services().empty());
  CHECK(world.tell("/v1/agent/check/pass/service:web").starts_with("404 Unknown check ID"));
}

TEST_CASE("consul: what has never passed is deregistered after its time too") {
  ConsulWorld world;
  world.expect_registered(
      R"({"Name":"web","Check":{"TCP":"192.0.2.1:80","Interval":"10s","DeregisterCriticalServiceAfter":"30s"}})");
  world.expect_registered(R"({"Name":"ttl","Check":{"TTL":"10s","DeregisterCriticalServiceAfter":"30s"}})");
  world.advance(seconds(29));
  CHECK(world.services().size() == 2);
  world.advance(seconds(1));
  CHECK(world.services().empty());
}

TEST_CASE("consul: a filter of services and of checks") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Tags":["green"],"Check":{"TTL":"10s"}})");
  world.expect_registered(R"({"Name":"api","Check":{"TTL":"10s","Status":"passing"}})");
  CHECK(parse(world.get("/v1/agent/services?filter=%22green%22+in+Tags")).as_object().size() == 1);
  CHECK(parse(world.get("/v1/agent/services?filter=Service+==+%22api%22+and+%22green%22+in+Tags")).as_object().empty());
  CHECK(parse(world.get("/v1/agent/checks?filter=Status+==+passing")).as_object().contains("service:api"));
  CHECK(world.get("/v1/agent/services?filter=(").status == 400);
}

TEST_CASE("consul: checks that the server runs are a plan, and are told nothing from outside") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Checks":[
    {"HTTP":"https://[2001:db8::1]:8443/a?b=c","Interval":"200ms","TLSSkipVerify":true,"SuccessBeforePassing":2},
    {"TCP":"db.example:5432","Interval":"1m","Timeout":"90s"},{"AliasService":"other"},{"TTL":"10s"}]})");
  const registry::Instance* instance = world.find("web", "web");
  const std::vector<health::Check>& checks = instance->health()->checks;
  REQUIRE(checks.size() == 3);
  CHECK(checks[0].id == "service:web:1");
  CHECK(checks[0].address == "2001:db8::1");
  CHECK(checks[0].port == 8443);
  CHECK(checks[0].path == "/a?b=c");
  CHECK(checks[0].host == "[2001:db8::1]:8443");
  CHECK((checks[0].uses_tls && checks[0].skips_tls_verify));
  CHECK(checks[0].interval == seconds(1));
  CHECK(checks[0].timeout == seconds(10));
  CHECK(checks[0].pass_after == 2);
  CHECK(checks[1].address == "db.example");
  CHECK(checks[2].target == "other");
  CHECK(instance->lease_check() == "service:web:4");
  CHECK(world.tell("/v1/agent/check/pass/service:web:1") ==
        "400 CheckID \"service:web:1\" does not have associated TTL");
  CHECK(world.status_of("service:web:3") == "passing");
}

TEST_CASE("consul: a check of a service is added, redefined and taken away") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Port":80})");
  world.expect_registered(R"({"Name":"api","Port":80})");
  constexpr std::string_view k_register = "/v1/agent/check/register";
  CHECK(world.tell(k_register, R"({"Name":"Extra","TTL":"10m","ServiceID":"none"})") ==
        "404 ServiceID \"none\" does not exist");
  CHECK(world.tell(k_register, R"({"TTL":"10m","ServiceID":"web"})") == "400 Missing check name");
  CHECK(world.tell(k_register, R"({"Name":"Extra","TTL":"10m"})").starts_with("400 Invalid check: give a ServiceID"));
  CHECK(world.tell(k_register, R"({"name":"Extra","id":"x","ttl":"10m","serviceid":"web","notes":"by hand"})") ==
        "200");
  CHECK(world.status_of("x") == "critical");
  CHECK_FALSE(world.is_answered("web", "web"));
  CHECK(world.tell("/v1/agent/check/pass/x") == "200");
  CHECK(world.is_answered("web", "web"));
  CHECK(world.tell(k_register, R"({"Name":"Extra","ID":"x","TTL":"10m","ServiceID":"api"})")
            .starts_with("400 Invalid check: the id"));
  CHECK(world.tell(k_register, R"({"Name":"Extra","ID":"x","TTL":"1m","ServiceID":"web"})") == "200");
  CHECK(world.status_of("x") == "passing");
  CHECK(world.find("web", "web")->ttl() == minutes(1));
  CHECK(world.tell("/v1/agent/check/deregister/x") == "200");
  CHECK(world.find("web", "web")->lease_kind() == registry::LeaseKind::none);
  CHECK(world.tell("/v1/agent/check/deregister/x").starts_with("404 Unknown check ID \"x\""));
  CHECK(world.is_answered("web", "web"));
}

TEST_CASE("consul: GET changes what old clients change with it, and never for a browser") {
  ConsulWorld world;
  world.expect_registered(k_web);
  CHECK(world.told(world.get("/v1/agent/check/pass/service:web")) == "200");
  CHECK(world.is_answered("web", "web"));
  const std::pair<std::string_view, std::string_view> browsers[] = {{"Origin", "https://example.net"},
                                                                    {"Referer", "https://example.net/"},
                                                                    {"Sec-Fetch-Mode", "no-cors"},
                                                                    {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"}};
  for (const auto& field : browsers) {
    world.fields.fields = {field};
    for (const char* call :
         {"check/fail/service:web", "check/pass/service:web", "check/warn/service:web", "check/deregister/service:web",
          "service/deregister/web", "join/192.0.2.1", "force-leave/a"}) {
      CHECK(world.get(std::string("/v1/agent/") + call).status == 403);
    }
  }
  world.fields.fields = {};
  CHECK(world.status_of("service:web") == "passing");
  CHECK(world.call(Method::head, "/v1/agent/service/deregister/web").status == 404);  // a service of this id
  CHECK(world.call(Method::head, "/v1/agent/check/fail/service:web").status == 405);
  CHECK(world.get("/v1/agent/check/update/service:web").status == 405);
  CHECK(world.told(world.get("/v1/agent/join/192.0.2.1")) == "200");
  CHECK(world.told(world.get("/v1/agent/force-leave/a")) == "200");
  CHECK(world.told(world.get("/v1/agent/service/deregister/web")) == "200");
}

TEST_CASE("consul: a service's health by its id and its name") {
  ConsulWorld world;
  world.expect_registered(k_web);
  constexpr std::string_view k_by_id = "/v1/agent/health/service/id/web?format=json";
  CHECK(world.get(k_by_id).status == 503);
  CHECK(world.tell("/v1/agent/check/warn/service:web") == "200");
  CHECK(world.get(k_by_id).status == 429);
  CHECK(text_of(parse(world.get(k_by_id)), "AggregatedStatus") == "warning");
  CHECK(world.tell("/v1/agent/check/pass/service:web") == "200");
  CHECK(world.get(k_by_id).status == 200);
  CHECK(world.get("/v1/agent/health/service/id/web?format=text").body == "passing");
  CHECK(world.told(world.get("/v1/agent/health/service/id/none")) == "404 ServiceId none not found");
  CHECK(world.tell("/v1/agent/service/maintenance/web?enable=1") == "200");
  const Response by_name = world.get("/v1/agent/health/service/name/WEB");
  CHECK(by_name.status == 503);
  CHECK(text_of(parse(by_name).as_array().at(0), "AggregatedStatus") == "maintenance");
  CHECK(world.told(world.get("/v1/agent/health/service/name/none")) == "404 ServiceName none Not Found");
}

TEST_CASE("consul: tokens are ignored while none are configured, and one that is unknown is a 403 afterwards") {
  ConsulWorld world;
  world.fields.fields = {{"X-Consul-Token", "junk"}};
  CHECK(world.get("/v1/agent/services?token=junk").status == 200);
  world.access.replace(
      {.tokens = {{"writer", sha256("writer-0123456789"), {.right = Right::write, .zones = {}}},
                  {"none", sha256("nolease-0123456789"), {.right = Right::write, .zones = {}, .no_lease = true}},
                  {"reader", sha256("reader-0123456789"), {.right = Right::read, .zones = {}}}},
       .certificates = {}});
  CHECK(world.told(world.get("/v1/agent/services")) == "403 ACL not found");
  CHECK(world.told(world.get("/v1/agent/services?token=")) == "403 ACL not found");
  world.fields.fields = {};
  CHECK(world.told(world.get("/v1/agent/services")) == "403 ACL not found");
  CHECK(world.get("/v1/agent/services?token=reader-0123456789").status == 200);
  world.fields.fields = {{"X-Consul-Token", "reader-0123456789"}};
  CHECK(world.get("/v1/agent/services?token=").status == 200);
  CHECK(world.tell("/v1/agent/service/register", k_web).starts_with("403 Permission denied"));
  world.fields.fields = {};
  world.authorization = "Bearer writer-0123456789";
  CHECK(world.tell("/v1/agent/service/register", k_web) == "200");
  CHECK(world.tell("/v1/agent/service/register", R"({"Name":"forever"})")
            .starts_with("403 Permission denied: token writer may not"));
  world.authorization = "Basic YW55Om5vbGVhc2UtMDEyMzQ1Njc4OQ==";  // any:nolease-0123456789
  CHECK(world.tell("/v1/agent/service/register", R"({"Name":"forever"})") == "200");
  world.authorization = "Basic !";
  CHECK(world.told(world.get("/v1/agent/services")) == "403 ACL not found");
}

TEST_CASE("consul: who may see and change some services alone sees and changes no others") {
  ConsulWorld world;
  world.expect_registered(k_web);
  world.expect_registered(R"({"Name":"db","ID":"db-1","Check":{"TTL":"10s"}})");
  world.access.replace(
      {.tokens = {{"web", sha256("only-web-0123456789"), {.right = Right::write, .zones = {}, .services = {"web*"}}}},
       .certificates = {}});
  world.authorization = "Bearer only-web-0123456789";
  CHECK(world.services().size() == 1);
  CHECK(world.checks().size() == 1);
  for (const char* call : {"check/pass/service:db-1", "check/deregister/service:db-1", "service/deregister/db-1",
                           "service/maintenance/db-1?enable=true", "maintenance?enable=true"}) {
    const Response response = world.put(std::string("/v1/agent/") + call);
    CHECK(response.status == 403);
    CHECK_FALSE(response.body.contains("\"db\""));
  }
  CHECK(world.get("/v1/agent/service/db-1").body == "unknown service ID: db-1");
  CHECK(world.get("/v1/agent/health/service/id/db-1").status == 404);
  CHECK(world.get("/v1/agent/health/service/name/db").status == 403);
  CHECK(world.put("/v1/agent/service/register", R"({"Name":"web","ID":"db-1","Check":{"TTL":"10s"}})").status == 403);
  CHECK(world.put("/v1/agent/check/register", R"({"Name":"x","ServiceID":"db-1","TTL":"10s"})").status == 403);
  CHECK(world.tell("/v1/agent/check/pass/service:web") == "200");
}

TEST_CASE("consul: an unknown datacenter, a path that is not there, and who this agent is") {
  ConsulWorld world;
  CHECK(world.told(world.get("/v1/agent/services?dc=dc9")) == "500 No path to datacenter");
  CHECK(world.get("/v1/agent/services?dc=LAB.example").status == 200);
  CHECK(world.get("/v1/agent/nothing").content_type == "text/plain; charset=utf-8");
  CHECK(world.get("/v1/agent/nothing").status == 404);
  CHECK(header_of(world.put("/v1/agent/services"), "Allow") == "GET, HEAD");
  CHECK(problem_of(world.get("/v1/nothing")) == "404 no_such_path");
  CHECK(world.get("/v1/status").content_type == "application/json");
  const boost::json::value self = parse(world.get("/v1/agent/self/"));
  CHECK(text_of(self.at("Config"), "Datacenter") == "dc1");
  CHECK(text_of(self.at("Config"), "NodeName") == "Node-1.example");
  CHECK(parse(world.get("/v1/agent/members?pretty")).as_array().size() == 1);
  CHECK(world.get("/v1/agent/members?pretty").body.starts_with("[\n    {\n        \"Name\": \"Node-1.example\""));
}

TEST_CASE("consul: behind a change on its connection a call waits, because it may be about what that registers") {
  ConsulWorld world;
  CHECK(std::holds_alternative<RouteAgain>(
      world.route(Method::put, "/v1/agent/check/pass/service:web", {}, PendingAhead::changes)));
  CHECK(std::holds_alternative<RouteAgain>(world.route(Method::get, "/v1/agent/services", {}, PendingAhead::changes)));
}

TEST_CASE("consul: a beat of a second TTL check is heard, and is a change only where it says something new") {
  ConsulWorld world;
  world.expect_registered(
      R"({"Name":"web","Checks":[{"CheckID":"a","TTL":"10s","Status":"passing"},{"CheckID":"b","TTL":"3s"}]})");
  const registry::InstanceKey key = world.find("web", "web")->owned_key();
  const auto plan = world.find("web", "web")->health();
  REQUIRE(plan);
  REQUIRE(plan->checks.size() == 1);  // the first is the lease
  CHECK(plan->checks.front().type == health::CheckType::ttl);
  CHECK(plan->checks.front().id == "b");
  CHECK(plan->checks.front().interval == seconds(3));
  CHECK(world.tell("/v1/agent/check/pass/b?note=one") == "200");
  CHECK(world.was_submitted);
  CHECK(world.is_answered("web", "web"));
  world.clock.advance(seconds(1));
  CHECK(world.tell("/v1/agent/check/pass/b?note=two") == "200");
  CHECK_FALSE(world.was_submitted);
  CHECK(text_of(world.checks().at("b"), "Output") == "two");
  CHECK(world.beats.find(key, "b")->at == world.clock.now());
  CHECK(world.tell("/v1/agent/check/warn/b") == "200");
  CHECK(world.was_submitted);
  CHECK(world.beats.find(key, "b")->status == health::CheckStatus::warning);
  CHECK(world.tell("/v1/agent/check/fail/b") == "200");
  CHECK_FALSE(world.beats.find(key, "b"));
  CHECK_FALSE(world.is_answered("web", "web"));
}

TEST_CASE("consul: gRPC, H2PING and aliases of nodes are checks that the server runs") {
  ConsulWorld world;
  world.expect_registered(
      R"({"Name":"web","Checks":[
        {"CheckID":"g","GRPC":"db.example:50051/shop.Cart","GRPCUseTLS":true,"TLSServerName":"cart","Interval":"1s"},
        {"CheckID":"h","H2PING":"[2001:db8::1]:443","TLSSkipVerify":true,"Interval":"1s"},
        {"CheckID":"p","H2PING":"192.0.2.1:80","H2PingUseTLS":false,"Interval":"1s"},
        {"CheckID":"n","AliasNode":"Other"},{"CheckID":"o","AliasNode":"node-1.EXAMPLE"},
        {"CheckID":"s","AliasNode":"Other","AliasService":"db"}]})");
  const auto plan = world.find("web", "web")->health();
  REQUIRE(plan->checks.size() == 6);
  const health::Check& grpc = plan->checks[0];
  CHECK(grpc.type == health::CheckType::grpc);
  CHECK(grpc.address == "db.example");
  CHECK(grpc.port == 50051);
  CHECK(grpc.target == "shop.Cart");
  CHECK(grpc.uses_tls);
  CHECK(grpc.tls_name == "cart");
  CHECK(plan->checks[1].type == health::CheckType::h2ping);
  CHECK(plan->checks[1].uses_tls);
  CHECK(plan->checks[1].skips_tls_verify);
  CHECK_FALSE(plan->checks[2].uses_tls);
  CHECK(plan->checks[3].type == health::CheckType::alias_node);
  CHECK(plan->checks[3].target == "Other");
  CHECK(plan->checks[4].target.empty());
  CHECK(plan->checks[5].type == health::CheckType::alias);
  CHECK(plan->checks[5].target == "db@Other");
  CHECK(world.status_of("n") == "passing");
  const auto look = [&] {
    return rollcall::consul::look_at_node(world.registry, world.ids, registry::ZoneId{0}, "").end;
  };
  CHECK(look() == health::RunEnd::passed);
  CHECK(world.tell("/v1/agent/maintenance?enable=true") == "200");
  CHECK(look() == health::RunEnd::failed);
  CHECK(world.tell("/v1/agent/maintenance?enable=false") == "200");
  CHECK(look() == health::RunEnd::passed);
}

}  // namespace
}  // namespace rollcall::api::consul
