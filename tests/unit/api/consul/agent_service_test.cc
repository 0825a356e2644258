// /v1/agent/service/…: registration in all its forms, deregistration, maintenance.
#include "catch.h"
#include "unit/api/consul/world.h"

namespace rollcall::api::consul {
namespace {

using namespace testing;
using std::chrono::seconds;

constexpr std::string_view k_register = "/v1/agent/service/register";

TEST_CASE("consul: a registration is answered 200 with nothing, and is shown as it was made") {
  ConsulWorld world;
  const Response response = world.put(k_register, R"({"ID":"web-1","Name":"Web","Tags":["v1","blue"],"Port":8081,
    "Address":"192.0.2.1","TaggedAddresses":{"wan":{"Address":"198.51.100.9","Port":80}},"EnableTagOverride":true,
    "Meta":{"zone":"a"},"Weights":{"Passing":5,"Warning":2},
    "Check":{"TTL":"10m","Notes":"beat","DeregisterCriticalServiceAfter":"20m"},"Checks":null})");
  CHECK(response.status == 200);
  CHECK(response.body.empty());
  CHECK(boost::json::serialize(world.services()) ==
        R"({"web-1":{"ID":"web-1","Service":"Web","Tags":["v1","blue"],"Meta":{"zone":"a"},"Port":8081,)"
        R"("Address":"192.0.2.1","TaggedAddresses":{"wan":{"Address":"198.51.100.9","Port":80}},)"
        R"("Weights":{"Passing":5,"Warning":2},"EnableTagOverride":true,"Datacenter":"dc1"}})");
  const boost::json::object check = world.checks().at("service:web-1").as_object();
  CHECK(text_of(check, "Name") == "Service 'Web' check");
  CHECK(text_of(check, "Status") == "critical");
  CHECK(text_of(check, "Notes") == "beat");
  CHECK(text_of(check, "Type") == "ttl");
  CHECK(text_of(check, "ServiceName") == "Web");
  CHECK(check.at("Definition").is_object());
  CHECK_FALSE(world.is_answered("web", "web-1"));
}

TEST_CASE("consul: keys in any case, with underscores, nulls, unknown ones; durations as Go has them") {
  ConsulWorld world;
  world.expect_registered(R"({"name":"a","id":null,"port":null,"address":null,"tags":null,"meta":null,"weights":null,
    "enabletagoverride":null,"unknown":{"deep":[1]},"check":{"ttl":"1m30s","status":"passing","http":null,"args":null,
    "header":null,"tls_skip_verify":null,"deregister_critical_service_after":"1.5m"},"checks":[]})");
  world.expect_registered(R"({"Name":"b","Check":{"TTL":500000000,"Status":"passing"}})");
  CHECK(world.find("a", "a")->ttl() == seconds(90));
  CHECK(world.find("a", "a")->checks().front().ends_after == seconds(90));
  CHECK(world.find("b", "b")->ttl() == std::chrono::milliseconds(500));
  const boost::json::value a = world.services().at("a");
  CHECK(text_of(a, "Address").empty());
  CHECK(number_of(a, "Port") == 0);
  CHECK(a.at("Tags").as_array().empty());
  CHECK(number_of(a.at("Weights"), "Passing") == 1);
  CHECK(world.is_answered("a", "a"));
}

TEST_CASE("consul: what no service can be is told in Consul's words, and nothing is stored") {
  ConsulWorld world;
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"Port":1})", "400 Missing service name"},
      {R"({"Name":""})", "400 Missing service name"},
      {R"({"Name":"a","Port":70000})", "400 Invalid service port"},
      {R"({"Name":"a","Port":-1})", "400 Invalid service port"},
      {R"({"Name":"a","Port":1.5})", "400 Invalid service port"},
      {R"({"Name":"a","Port":"80"})", "400 Request decode failed: Port must be an integer"},
      {R"({"Name":"a","Address":"0.0.0.0"})", "400 Invalid service address"},
      {R"({"Name":"a","Address":"::"})", "400 Invalid service address"},
      {R"({"Name":"a","Tags":"x"})", "400 Request decode failed: Tags must be a list of strings"},
      {R"({"Name":"a","Weights":{"Passing":70000}})", "400 Invalid Weights: Passing must be from 1 to 65535"},
      {R"({"Name":"a","Meta":{"k":1}})", "400 Request decode failed: Meta must be an object of strings"},
      {R"({"Name":"a","Check":{"TTL":"x"}})", "400 Request decode failed: TTL: invalid duration \"x\""},
      {R"({"Name":"a","Check":{"TTL":"10"}})", "400 Request decode failed: TTL: invalid duration \"10\""},
      {R"({"Name":"a","Check":{"TTL":"1s","Status":"ok"}})",
       "400 Status for checks must 'passing', 'warning', 'critical'"},
      {R"({"Name":"a","Check":{"TTL":"1s","Interval":"1s"}})",
       "400 Invalid check: Interval and TTL cannot both be specified"},
      {R"({"Name":"a","Check":{"CheckID":"x"}})", "400 Invalid check: TTL must be > 0 for TTL checks"},
      {R"({"Name":"a","Check":{"HTTP":"http://192.0.2.1/"}})",
       "400 Invalid check: Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks"},
      {R"({"Name":"a","Check":{"TTL":"1s","FailuresBeforeWarning":3,"FailuresBeforeCritical":2}})",
       "400 Invalid check: FailuresBeforeCritical can't be lower than FailuresBeforeWarning"},
      {R"({"Name":"a\u0001"})",
       "400 Invalid service name: service name must be 1 to 255 octets of UTF-8 without control characters"},
      {R"([])", "400 Request decode failed: the body must be a JSON object"},
      {R"({"Name":"a")", "400 Request decode failed: incomplete JSON"},
      {"", "400 Request decode failed: incomplete JSON"},
  };
  for (const auto& [body, told] : wrong) CHECK(world.tell(k_register, body) == told);
  CHECK(world.tell(k_register, R"({"Name":"a","Check":{"Args":["x"],"Interval":"1s"}})")
            .starts_with("400 Invalid check: scripts"));
  CHECK(world.services().empty());
  CHECK(world.journal.records == 0);
}

TEST_CASE("consul: ids are what clients make them, raw or encoded in paths") {
  ConsulWorld world;
  for (const std::string id : {"host:web:80", "h:x/9", "/a//", "a b", "\xc3\xa9"}) {
    world.expect_registered(R"({"Name":"web","ID":")" + id + R"(","Check":{"TTL":"10s"}})");
    CHECK(world.services().contains(id));
  }
  CHECK(world.tell("/v1/agent/check/pass/service:host:web:80") == "200");
  CHECK(world.tell("/v1/agent/check/pass/service%3Ah%3Ax%2F9") == "200");
  CHECK(world.tell("/v1/agent/check/pass/service:/a//") == "200");
  CHECK(world.status_of("service:h:x/9") == "passing");
  CHECK(text_of(parse(world.get("/v1/agent/service/h:x/9")), "ID") == "h:x/9");
  CHECK(world.tell("/v1/agent/service/deregister/host%3Aweb%3A80") == "200");
  CHECK(world.tell("/v1/agent/service/deregister/h:x/9") == "200");
  CHECK(world.tell("/v1/agent/service/deregister/a%20b") == "200");
  CHECK(world.services().size() == 2);
  CHECK(world.tell("/v1/agent/service/deregister/h:x/9") ==
        "404 Unknown service ID \"h:x/9\". Ensure that the service ID is passed, not the service name.");
}

TEST_CASE("consul: a service without a check stays until it is deregistered, and passes") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Port":80,"Check":null,"Checks":null})");
  world.advance(std::chrono::hours(1000));
  CHECK(world.is_answered("web", "web"));
  CHECK(world.checks().empty());
  CHECK(world.tell("/v1/agent/service/deregister/web") == "200");
  CHECK(world.services().empty());
}

TEST_CASE("consul: an address that was left out is the node's, and is shown empty") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Port":80})");
  world.expect_registered(R"({"Name":"far","Address":"db.example.net"})");
  CHECK(world.find("web", "web")->addresses().front().text() == "192.0.2.100");
  CHECK(text_of(world.services().at("web"), "Address").empty());
  CHECK(world.find("far", "far")->addresses().empty());
  CHECK(text_of(world.services().at("far"), "Address") == "db.example.net");
}

TEST_CASE("consul: two hosts that register the same id are two agents") {
  ConsulWorld world;
  world.access.replace({.tokens = {}, .certificates = {}, .open = true});
  const std::string body = R"({"Name":"web","Check":{"TTL":"10s"}})";
  world.expect_registered(body);
  Caller first(*IpAddress::parse("192.0.2.7"));
  Caller second(*IpAddress::parse("192.0.2.8"));
  world.caller = &first;
  world.expect_registered(body);
  CHECK(text_of(world.services().at("web"), "Address") == "192.0.2.7");
  world.caller = &second;
  CHECK(world.services().empty());
  CHECK(world.tell("/v1/agent/service/deregister/web").starts_with("404"));
  world.expect_registered(body);
  CHECK(world.tell("/v1/agent/check/pass/service:web") == "200");
  CHECK(world.is_answered("web", "web@192.0.2.8"));
  CHECK_FALSE(world.is_answered("web", "web@192.0.2.7"));
  CHECK(world.tell("/v1/agent/service/deregister/web?node=192.0.2.7") == "200");
  CHECK(world.find("web", "web@192.0.2.7") == nullptr);
  CHECK(world.find("web", "web") != nullptr);
  CHECK(world.tell("/v1/agent/service/deregister/web?node=node-1.EXAMPLE") == "200");
  CHECK(world.find("web", "web") == nullptr);
  CHECK(world.find("web", "web@192.0.2.8") != nullptr);
}

TEST_CASE("consul: an id that is registered under another name leaves the one it had, in one change") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","ID":"1","Check":{"TTL":"10s"}})");
  CHECK(world.tell("/v1/agent/check/pass/service:1") == "200");
  const int records = world.journal.records;
  world.expect_registered(R"({"Name":"api","ID":"1","Check":{"TTL":"10s"}})");
  CHECK(world.journal.records == records + 1);
  CHECK(world.find("web", "1") == nullptr);
  CHECK(world.is_answered("api", "1"));
  CHECK(world.services().size() == 1);
}

TEST_CASE("consul: registering again keeps the checks' status, and what is not named anew unless all are replaced") {
  ConsulWorld world;
  const std::string with_check = R"({"Name":"web","Port":80,"Check":{"TTL":"10s"}})";
  world.expect_registered(with_check);
  CHECK(world.tell("/v1/agent/check/pass/service:web") == "200");
  world.expect_registered(with_check);
  CHECK(world.status_of("service:web") == "passing");
  world.expect_registered(R"({"Name":"web","Port":81,"Check":{"CheckID":"other","TTL":"10s","Status":"passing"}})");
  CHECK(world.status_of("service:web") == "passing");
  CHECK(world.status_of("other") == "passing");
  CHECK(world.find("web", "web")->lease_check() == "service:web");
  CHECK(world.tell("/v1/agent/service/maintenance/web?enable=true") == "200");
  CHECK(world.tell("/v1/agent/service/register?replace-existing-checks=true",
                   R"({"Name":"web","Port":81,"Check":{"CheckID":"only","TTL":"10s","Status":"passing"}})") == "200");
  CHECK(world.status_of("service:web") == "none");
  CHECK(world.status_of("other") == "none");
  CHECK(world.status_of("only") == "passing");
  CHECK(world.status_of("_service_maintenance:web") == "critical");
  CHECK(world.find("web", "web")->lease_check() == "only");
}

TEST_CASE("consul: tags in another order are no change, and are shown in the order they had") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Tags":["v1","blue"],"Check":{"TTL":"10s"}})");
  const int records = world.journal.records;
  world.expect_registered(R"({"Name":"web","Tags":["blue","v1"],"Check":{"TTL":"10s"}})");
  CHECK(world.journal.records == records);
  CHECK(boost::json::serialize(world.services().at("web").at("Tags")) == R"(["v1","blue"])");
}

TEST_CASE("consul: several checks have numbers, and their own ids where they say so") {
  ConsulWorld world;
  world.expect_registered(
      R"({"Name":"web","Checks":[{"TTL":"10s"},{"TTL":"20s","Name":"two"},{"CheckID":"own","TTL":"1m"}]})");
  const boost::json::object checks = world.checks();
  CHECK(checks.size() == 3);
  CHECK(text_of(checks.at("service:web:2"), "Name") == "two");
  CHECK(checks.contains("service:web:1"));
  CHECK(checks.contains("own"));
  world.expect_registered(R"({"Name":"one","Checks":[{"TTL":"10s"}]})");
  CHECK(world.status_of("service:one") == "critical");
}

TEST_CASE("consul: maintenance takes a service out, and puts it back as it was") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Check":{"TTL":"10s","Status":"passing"}})");
  CHECK(world.tell("/v1/agent/service/maintenance/web") == "400 Missing value for enable");
  CHECK(world.tell("/v1/agent/service/maintenance/web?enable=yes") == "400 Invalid value for enable: \"yes\"");
  CHECK(world.tell("/v1/agent/service/maintenance/none?enable=true").starts_with("404 Unknown service ID \"none\""));
  CHECK(world.tell("/v1/agent/service/maintenance/web?enable=True&reason=some+work") == "200");
  CHECK_FALSE(world.is_answered("web", "web"));
  const boost::json::value check = world.checks().at("_service_maintenance:web");
  CHECK(text_of(check, "Name") == "Service Maintenance Mode");
  CHECK(text_of(check, "Output") == "some work");
  CHECK(world.tell("/v1/agent/check/pass/_service_maintenance:web") ==
        "400 CheckID \"_service_maintenance:web\" does not have associated TTL");
  CHECK(world.tell("/v1/agent/service/maintenance/web?enable=false") == "200");
  CHECK(world.tell("/v1/agent/service/maintenance/web?enable=false") == "200");
  CHECK(world.is_answered("web", "web"));
  CHECK(world.checks().size() == 1);
}

TEST_CASE("consul: maintenance of the node is that of all its services, also of those that come later") {
  ConsulWorld world;
  CHECK(world.tell("/v1/agent/maintenance") == "400 Missing value for enable");
  CHECK(world.tell("/v1/agent/maintenance?enable=true") == "200");
  world.expect_registered(R"({"Name":"a"})");
  CHECK(world.is_answered("a", "a"));
  CHECK(world.tell("/v1/agent/maintenance?enable=true&reason=work") == "200");
  world.expect_registered(R"({"Name":"b"})");
  CHECK_FALSE(world.is_answered("a", "a"));
  CHECK_FALSE(world.is_answered("b", "b"));
  const boost::json::object checks = world.checks();
  CHECK(checks.size() == 1);
  CHECK(text_of(checks.at("_node_maintenance"), "ServiceID").empty());
  CHECK(text_of(checks.at("_node_maintenance"), "Name") == "Node Maintenance Mode");
  CHECK(world.tell("/v1/agent/maintenance?enable=false") == "200");
  CHECK(world.is_answered("a", "a"));
  CHECK(world.is_answered("b", "b"));
}

TEST_CASE("consul: an instance of the native API is there by its id, and by its service's where others have that id") {
  ConsulWorld world;
  const auto heartbeat = [&](std::string_view body) { return world.call(Method::post, "/v1/heartbeat", body).status; };
  CHECK(heartbeat(R"({"service":"web","id":"1","address":"192.0.2.1","port":80,"weight":7})") == 201);
  CHECK(world.services().contains("1"));
  CHECK(number_of(world.services().at("1").at("Weights"), "Passing") == 7);
  CHECK(world.status_of("service:1") == "passing");
  CHECK(heartbeat(R"({"service":"api","id":"1","address":"192.0.2.2","port":80})") == 201);
  CHECK_FALSE(world.services().contains("1"));
  CHECK(world.services().contains("web/1"));
  CHECK(world.status_of("service:api/1") == "passing");
  CHECK(world.tell("/v1/agent/check/pass/service:1").starts_with("404"));
  CHECK(world.tell("/v1/agent/check/fail/service:web/1?note=sick") == "200");
  CHECK_FALSE(world.is_answered("web", "1"));
  CHECK(text_of(world.checks().at("service:web/1"), "Output") == "sick");
  CHECK(world.tell("/v1/agent/check/pass/service:web/1") == "200");
  CHECK(world.is_answered("web", "1"));
  world.clock.advance(seconds(10));
  CHECK(world.tell("/v1/agent/check/pass/service:web/1") == "200");
  world.advance(seconds(10));
  CHECK(world.find("web", "1") != nullptr);
  CHECK(world.find("api", "1") == nullptr);
  CHECK(world.tell("/v1/agent/service/deregister/1") == "200");
}

}  // namespace
}  // namespace rollcall::api::consul
