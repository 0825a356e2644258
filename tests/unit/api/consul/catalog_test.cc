// /v1/catalog/ and /v1/health/: what is shown, and of what.
#include "catch.h"
#include "unit/api/consul/world.h"

namespace rollcall::api::consul::catalog_tests {
namespace {

using namespace consul::testing;
using std::chrono::milliseconds;

constexpr std::string_view k_plain = R"({"ID":"web-1","Name":"Web","Tags":["v1","blue"],"Port":8081,
  "Address":"192.0.2.1","Meta":{"env":"prod"},"Check":{"TTL":"10s","Status":"passing"}})";
constexpr std::string_view k_external = R"({"Node":"Ext-1","Address":"198.51.100.7","NodeMeta":{"rack":"r7"},
  "Service":{"ID":"db-1","Service":"db","Tags":["primary"],"Port":5432},
  "Check":{"CheckID":"db-check","Name":"db is up","Status":"passing","ServiceID":"db-1","Notes":"from outside"}})";

boost::json::array list(const Response& response) {
  REQUIRE(response.status == 200);
  return parse(response).as_array();
}
std::vector<std::string> ids(const Response& response, const char* member, const char* inner = nullptr) {
  std::vector<std::string> all;
  for (const auto& each : list(response)) all.push_back(text_of(inner == nullptr ? each : each.at(inner), member));
  return all;
}
using Ids = std::vector<std::string>;

TEST_CASE("consul: health of a service has node, service and checks, and never a null") {
  ConsulWorld world;
  world.expect_registered(k_plain);
  const Response response = world.get("/v1/health/service/web");
  CHECK(response.body.find("null") == std::string::npos);
  CHECK(response.body.find("Definition") == std::string::npos);
  const boost::json::value entry = list(response).at(0);
  CHECK(text_of(entry.at("Node"), "Node") == "Node-1.example");
  CHECK(text_of(entry.at("Node"), "ID") == world.identity.node_id);
  CHECK(text_of(entry.at("Node"), "Address") == "192.0.2.100");
  CHECK(text_of(entry.at("Node"), "Datacenter") == "dc1");
  CHECK(boost::json::serialize(entry.at("Node").at("TaggedAddresses")) ==
        R"({"lan":"192.0.2.100","wan":"192.0.2.100"})");
  const boost::json::value& service = entry.at("Service");
  CHECK(text_of(service, "ID") == "web-1");
  CHECK(text_of(service, "Service") == "Web");
  CHECK(boost::json::serialize(service.at("Tags")) == R"(["v1","blue"])");
  CHECK(number_of(service, "Port") == 8081);
  CHECK(boost::json::serialize(service.at("Weights")) == R"({"Passing":1,"Warning":1})");
  CHECK(boost::json::serialize(service.at("Meta")) == R"({"env":"prod"})");
  const boost::json::value& check = entry.at("Checks").at(0);
  CHECK(text_of(check, "CheckID") == "service:web-1");
  CHECK(text_of(check, "Name") == "Service 'Web' check");
  CHECK(text_of(check, "Status") == "passing");
  CHECK(text_of(check, "ServiceID") == "web-1");
  CHECK(text_of(check, "ServiceName") == "Web");
  CHECK(check.at("ServiceTags").as_array().size() == 2);
}

TEST_CASE("consul: a service in the catalog has its node's fields beside its own") {
  ConsulWorld world;
  world.expect_registered(k_plain);
  const boost::json::value row = list(world.get("/v1/catalog/service/WEB")).at(0);
  CHECK(text_of(row, "Node") == "Node-1.example");
  CHECK(text_of(row, "Address") == "192.0.2.100");
  CHECK(text_of(row, "ServiceID") == "web-1");
  CHECK(text_of(row, "ServiceName") == "Web");
  CHECK(text_of(row, "ServiceAddress") == "192.0.2.1");
  CHECK(number_of(row, "ServicePort") == 8081);
  CHECK(row.at("NodeMeta").is_object());
  CHECK(row.at("ServiceWeights").is_object());
  CHECK_FALSE(row.at("ServiceEnableTagOverride").as_bool());
  CHECK(number_of(row, "ModifyIndex") > 0);
}

TEST_CASE("consul: a native instance is shown with one check, what its status is") {
  ConsulWorld world;
  CHECK(world
            .call(Method::post, "/v1/heartbeat",
                  R"({"service":"api","id":"a","address":"192.0.2.5","port":80,"weight":7,"tags":["v2"]})")
            .status == 201);
  boost::json::value entry = list(world.get("/v1/health/service/api?passing")).at(0);
  CHECK(text_of(entry.at("Checks").at(0), "CheckID") == "service:a");
  CHECK(number_of(entry.at("Service").at("Weights"), "Passing") == 7);
  CHECK(text_of(entry.at("Service"), "Address") == "192.0.2.5");
  CHECK(world.call(Method::post, "/v1/services/api/instances/a/drain").status == 200);
  CHECK(list(world.get("/v1/health/service/api?passing=1")).empty());
  entry = list(world.get("/v1/health/service/api")).at(0);
  CHECK(text_of(entry.at("Checks").at(0), "Status") == "critical");
  CHECK(text_of(entry.at("Checks").at(0), "Output").starts_with("draining since "));
}

TEST_CASE("consul: passing is empty, 1 or true; false is none; anything else is refused") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Check":{"TTL":"10s"}})");
  for (const char* value : {"?passing", "?passing=", "?passing=1", "?passing=true"})
    CHECK(list(world.get(std::string("/v1/health/service/web") + value)).empty());
  for (const char* value : {"", "?passing=false", "?passing=0"})
    CHECK(list(world.get(std::string("/v1/health/service/web") + value)).size() == 1);
  CHECK(world.told(world.get("/v1/health/service/web?passing=maybe")) == "400 Invalid value for ?passing");
  CHECK(world.tell("/v1/agent/check/warn/service:web") == "200");
  CHECK(list(world.get("/v1/health/service/web?passing=1")).empty());  // a warning is not passing
}

TEST_CASE("consul: a TTL that is over is critical in every read, and still listed") {
  ConsulWorld world;
  world.expect_registered(k_plain);
  world.clock.advance(milliseconds(10'001));  // nobody has swept yet
  CHECK(list(world.get("/v1/health/service/web?passing=1")).empty());
  CHECK(text_of(list(world.get("/v1/health/service/web")).at(0).at("Checks").at(0), "Status") == "critical");
  CHECK(ids(world.get("/v1/health/state/critical"), "CheckID") == Ids{"service:web-1"});
}

TEST_CASE("consul: a body that is kept for the next reader is dropped with its index, and with the first lease in it") {
  ConsulWorld world;
  for (int i = 0; i < 8; ++i) {
    world.expect_registered(R"({"ID":"w)" + std::to_string(i) + R"(","Name":"web","Check":{"TTL":"1)" +
                            std::to_string(i) + R"(s","Status":"passing"}})");
  }
  const auto passing = [&] { return list(world.get("/v1/health/service/web?passing=1")).size(); };
  CHECK(passing() == 8);
  CHECK(passing() == 8);
  CHECK(list(world.get("/v1/health/service/web")).size() == 8);
  world.clock.advance(milliseconds(10'001));  // the first lease; nobody has swept
  CHECK(passing() == 7);
  CHECK(text_of(list(world.get("/v1/health/service/web")).at(0).at("Checks").at(0), "Status") == "critical");
  CHECK(world.tell("/v1/agent/check/pass/service:w0") == "200");
  CHECK(passing() == 8);
  CHECK(world.tell("/v1/agent/service/deregister/w1") == "200");
  CHECK(passing() == 7);
}

TEST_CASE("consul: tags are a conjunction, and exact") {
  ConsulWorld world;
  world.expect_registered(R"({"ID":"a","Name":"web","Tags":["v1","Blue"]})");
  world.expect_registered(R"({"ID":"b","Name":"web","Tags":["v1"]})");
  CHECK(ids(world.get("/v1/health/service/web?tag=v1"), "ID", "Service") == Ids{"a", "b"});
  CHECK(ids(world.get("/v1/catalog/service/web?tag=v1&tag=Blue"), "ServiceID") == Ids{"a"});
  CHECK(ids(world.get("/v1/catalog/service/web?tag=blue"), "ServiceID").empty());
  CHECK(ids(world.get("/v1/catalog/service/web?near=_agent&ns=x&partition=y&peer=&cached"), "ServiceID").size() == 2);
}

TEST_CASE("consul: the list of services has each once, with all its tags") {
  ConsulWorld world;
  world.expect_registered(R"({"ID":"a","Name":"Web","Tags":["v1","blue"]})");
  world.expect_registered(R"({"ID":"b","Name":"web","Tags":["v2"]})");
  world.expect_registered(R"({"Name":"a.b"})");
  CHECK(world.get("/v1/catalog/services").body == R"({"a.b":[],"Web":["blue","v1","v2"]})");
  CHECK(world.tell("/v1/agent/service/deregister/a.b") == "200");
  CHECK(parse(world.get("/v1/catalog/services")).as_object().size() == 1);
  CHECK(world.get("/v1/catalog/services?dc=lab.example").body == "{}");
  CHECK(world.told(world.get("/v1/catalog/services?dc=mars")) == "500 No path to datacenter");
  CHECK(world.get("/v1/catalog/datacenters").body == R"(["dc1","lab.example"])");
}

TEST_CASE("consul: what is not there is an empty list, with an index") {
  ConsulWorld world;
  for (const char* path : {"/v1/health/service/none", "/v1/catalog/service/none", "/v1/health/checks/none",
                           "/v1/health/node/none", "/v1/health/state/any"}) {
    const Response response = world.get(path);
    CHECK(response.body == "[]");
    CHECK(response.content_type == "application/json");
    CHECK(std::stoull(header_of(response, "X-Consul-Index")) >= 1);
    CHECK(header_of(response, "X-Consul-KnownLeader") == "true");
    CHECK(header_of(response, "X-Consul-LastContact") == "0");
  }
  CHECK(world.get("/v1/catalog/node/none").body == "null");
  CHECK(world.told(world.get("/v1/health/service/")) == "400 Missing service name");
  CHECK(world.told(world.get("/v1/catalog/services?stale&consistent")) ==
        "400 Cannot specify ?stale with ?consistent, conflicting semantics.");
  CHECK(header_of(world.get("/v1/catalog/services?stale="), "X-Consul-Effective-Consistency") == "stale");
}

TEST_CASE("consul: an instance on another node has that node, and is listed with it") {
  ConsulWorld world;
  CHECK(world.told(world.put("/v1/catalog/register", k_external)) == "200 true");
  const boost::json::value entry = list(world.get("/v1/health/service/db?passing=1")).at(0);
  CHECK(text_of(entry.at("Node"), "Node") == "Ext-1");
  CHECK(text_of(entry.at("Node"), "Address") == "198.51.100.7");
  CHECK(text_of(entry.at("Node").at("Meta"), "rack") == "r7");
  CHECK(entry.at("Node").at("TaggedAddresses").is_null());
  CHECK(text_of(entry.at("Service"), "ID") == "db-1");
  CHECK(text_of(entry.at("Service"), "Address").empty());
  CHECK(text_of(entry.at("Checks").at(0), "Notes") == "from outside");
  CHECK(text_of(entry.at("Checks").at(0), "Node") == "Ext-1");
  CHECK(ids(world.get("/v1/catalog/nodes"), "Node") == Ids{"Node-1.example", "Ext-1"});
  CHECK(ids(world.get("/v1/catalog/nodes?node-meta=rack:r7"), "Node") == Ids{"Ext-1"});
  CHECK(ids(world.get("/v1/health/service/db?node-meta=rack:r8"), "ID", "Service").empty());
  const boost::json::value node = parse(world.get("/v1/catalog/node/ext-1"));
  CHECK(text_of(node.at("Node"), "Node") == "Ext-1");
  CHECK(text_of(node.at("Services").at("db-1"), "Service") == "db");
  CHECK(ids(world.get("/v1/health/node/Ext-1"), "CheckID") == Ids{"db-check"});
  CHECK(world.services().empty());  // of another agent
}

TEST_CASE("consul: a check of the catalog is set by whoever registers it again") {
  ConsulWorld world;
  CHECK(world.told(world.put("/v1/catalog/register", k_external)) == "200 true");
  const std::string again = R"({"Node":"Ext-1","Address":"198.51.100.7","Check":{"CheckID":"db-check","Name":"db is up",
    "Status":"critical","ServiceID":"db-1"}})";
  CHECK(world.told(world.put("/v1/catalog/register", again)) == "200 true");
  CHECK(list(world.get("/v1/health/service/db?passing=1")).empty());
  CHECK(ids(world.get("/v1/health/state/critical"), "CheckID") == Ids{"db-check"});
}

TEST_CASE(
    "consul: the status that catalog/register gives counts, also of a check that is known; without one it stays") {
  ConsulWorld world;
  const auto put = [&](std::string_view status) {
    const std::string body =
        R"({"Node":"n","Address":"192.0.2.9","Service":{"Service":"far","ID":"f"},"Checks":[{"CheckID":"c","Name":"c")" +
        std::string(status) + "}]}";
    CHECK(world.told(world.put("/v1/catalog/register", body)) == "200 true");
    return text_of(list(world.get("/v1/health/checks/far")).at(0), "Status");
  };
  CHECK(put(R"(,"Status":"passing")") == "passing");
  CHECK(put(R"(,"Status":"critical")") == "critical");
  CHECK(put(R"(,"Status":"warning")") == "warning");
  CHECK(put("") == "warning");
  CHECK(world.told(world.put("/v1/catalog/register",
                             R"({"Node":"n","Address":"192.0.2.9","Check":{"CheckID":"c"}})")) == "200 true");
  CHECK(text_of(list(world.get("/v1/health/checks/far")).at(0), "Status") == "warning");
}

TEST_CASE("consul: the catalog refuses what it cannot keep, with a sentence") {
  ConsulWorld world;
  const auto said = [&](std::string_view body) { return world.told(world.put("/v1/catalog/register", body)); };
  CHECK(said(R"({"Node":"n"})") == "400 Must provide node and address");
  CHECK(said(R"({"Node":"n","Address":"192.0.2.1"})").starts_with("400 a node is known here by its services"));
  CHECK(said(R"({"Node":"n","Address":"192.0.2.1","Service":{"ID":"x"}})") == "400 Missing service name");
  CHECK(said(R"({"Node":"n","Address":"192.0.2.1","Datacenter":"mars","Service":{"Service":"x"}})") ==
        "500 No path to datacenter");
  CHECK(said(R"([])").starts_with("400 "));
  CHECK(world.told(world.put("/v1/catalog/deregister", R"({"ServiceID":"x"})")) == "400 Must provide node");
}

TEST_CASE("consul: the catalog deregisters a service, a check, or all of a node") {
  ConsulWorld world;
  CHECK(world.told(world.put("/v1/catalog/register", k_external)) == "200 true");
  const auto deregister = [&](std::string_view body) { return world.told(world.put("/v1/catalog/deregister", body)); };
  CHECK(deregister(R"({"Node":"Ext-1","CheckID":"db-check","ServiceID":""})") == "200 true");
  CHECK(list(world.get("/v1/health/service/db")).at(0).at("Checks").as_array().empty());
  CHECK(deregister(R"({"Node":"Ext-1","ServiceID":"nobody"})") == "200 true");
  CHECK(deregister(R"({"Node":"Ext-1","ServiceID":"","CheckID":""})") == "200 true");
  CHECK(list(world.get("/v1/health/service/db")).empty());
  world.expect_registered(k_plain);
  CHECK(deregister(R"({"Node":"node-1.example","ServiceID":"web-1"})") == "200 true");
  CHECK(world.services().empty());
}

TEST_CASE("consul: a leader and its peers are somebody") {
  ConsulWorld world;
  CHECK(world.get("/v1/status/leader").body == R"("192.0.2.100:8300")");
  CHECK(world.get("/v1/status/peers").body == R"(["192.0.2.100:8300"])");
}

TEST_CASE("consul: a filter chooses rows, and one that is wrong says where") {
  ConsulWorld world;
  world.expect_registered(R"({"ID":"a","Name":"web","Tags":["v1"],"Meta":{"env":"prod"},"Port":80})");
  world.expect_registered(R"({"ID":"b","Name":"web","Meta":{"env":"test"},"Port":81})");
  const auto chosen = [&](std::string_view filter) {
    return ids(world.get("/v1/health/service/web?filter=" + std::string(filter)), "ID", "Service");
  };
  CHECK(chosen("Service.Meta.env+%3D%3D+prod") == Ids{"a"});
  CHECK(chosen("Service.Meta%5B%22env%22%5D+%21%3D+%22prod%22") == Ids{"b"});
  CHECK(chosen("%22v1%22+in+Service.Tags+or+Service.Port+%3D%3D+81") == Ids{"a", "b"});
  CHECK(world.told(world.get("/v1/health/service/web?filter=Nothing%3D%3D1")) ==
        "400 Invalid filter: at character 1: Selector \"Nothing\" is not valid");
  CHECK(ids(world.get("/v1/catalog/service/web?filter=ServiceMeta.env==test"), "ServiceID") == Ids{"b"});
  CHECK(ids(world.get("/v1/catalog/nodes?filter=Node+matches+%22%5Enode-2%22"), "Node").empty());
}

TEST_CASE("consul: pretty indents") {
  ConsulWorld world;
  world.expect_registered(k_plain);
  CHECK(world.get("/v1/catalog/services?pretty").body.find("\n    \"Web\"") != std::string::npos);
}

TEST_CASE("consul: CreateIndex is from the first registration, ModifyIndex from the last change") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","Tags":["a"],"Check":{"TTL":"10s","Status":"passing"}})");
  const auto indexes = [&] {
    const boost::json::value row = parse(world.get("/v1/catalog/service/web")).as_array().at(0);
    const boost::json::value entry = parse(world.get("/v1/health/service/web")).as_array().at(0);
    CHECK(number_of(entry.at("Service"), "CreateIndex") == number_of(row, "CreateIndex"));
    CHECK(number_of(entry.at("Checks").at(0), "CreateIndex") == number_of(row, "CreateIndex"));
    return std::pair(number_of(row, "CreateIndex"), number_of(row, "ModifyIndex"));
  };
  const auto first = indexes();
  CHECK(first.first <= first.second);
  CHECK(world.tell("/v1/agent/check/fail/service:web") == "200");
  world.expect_registered(R"({"Name":"web","Tags":["b"],"Check":{"TTL":"10s"}})");
  const auto later = indexes();
  CHECK(later.first == first.first);
  CHECK(later.second > first.second);
  CHECK(world.tell("/v1/agent/service/deregister/web") == "200");
  world.expect_registered(R"({"Name":"web"})");
  const boost::json::value again = parse(world.get("/v1/catalog/service/web")).as_array().at(0);
  CHECK(number_of(again, "CreateIndex") > later.second);
}

TEST_CASE("consul: what a mesh would have is empty, and a node's services come as a list too") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web","ID":"web-1"})");
  for (const char* path : {"/v1/catalog/connect/web", "/v1/health/connect/web", "/v1/health/ingress/none"}) {
    CHECK(world.get(path).body == "[]");
  }
  const boost::json::value found = parse(world.get("/v1/catalog/node-services/node-1.example"));
  CHECK(text_of(found.at("Node"), "Node") == "Node-1.example");
  CHECK(text_of(found.at("Services").at(0), "ID") == "web-1");
  CHECK(world.get("/v1/catalog/node-services/none").body == R"({"Node":null,"Services":[]})");
}

TEST_CASE("consul: a service with the hash that the caller knows is waited for, and is answered at once with another") {
  ConsulWorld world;
  world.expect_registered(R"({"Name":"web"})");
  const std::string hash = text_of(parse(world.get("/v1/agent/service/web")), "ContentHash");
  CHECK(text_of(parse(world.get("/v1/agent/service/web?hash=none&wait=1s")), "ContentHash") == hash);
  CHECK(world.get("/v1/agent/service/web?hash=none&wait=x").status == 400);
  Routed routed = world.route(Method::get, "/v1/agent/service/web?hash=" + hash + "&wait=1s");
  Wait* wait = std::get_if<Wait>(&routed);
  REQUIRE(wait != nullptr);
  CHECK(wait->at_most >= std::chrono::seconds(1));
  CHECK_FALSE(wait->until->is_over());
  world.expect_registered(R"({"Name":"web","Port":81})");
  CHECK(wait->until->is_over());
  CHECK(text_of(parse(wait->answer(world.clock.now())), "ContentHash") != hash);
  CHECK(world.tell("/v1/agent/service/deregister/web") == "200");
  CHECK(wait->answer(world.clock.now()).status == 404);
}

}  // namespace
}  // namespace rollcall::api::consul::catalog_tests
