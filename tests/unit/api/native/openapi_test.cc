// GET /v1/openapi.json: the API as it describes itself.
#include <set>
#include <string>

#include "api/native/openapi/document.h"
#include "catch.h"
#include "health/plan_json.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native::openapi {
namespace {

using namespace testing;
namespace json = boost::json;

json::object document_of(World& world) { return json::parse(world.get("/v1/openapi.json").body).get_object(); }

const json::object& schema_of(const json::object& document, std::string_view name) {
  return document.at("components").at("schemas").at({name.data(), name.size()}).get_object();
}

// The members that an answer has and its schema does not, and those that it lacks.
std::set<std::string> differences(const json::object& answer, const json::object& schema) {
  std::set<std::string> found;
  const json::object& properties = schema.at("properties").get_object();
  for (const auto& [name, value] : answer) {
    if (!properties.contains(name)) found.insert("undescribed " + std::string(name));
  }
  for (const json::value& name : schema.at("required").get_array()) {
    if (!answer.contains(name.get_string())) found.insert("missing " + std::string(name.get_string()));
  }
  return found;
}

TEST_CASE("every route of the native API is in the document with each method it takes, and nothing else") {
  World world;
  const json::object document = document_of(world);
  CHECK(document.at("openapi").get_string() == "3.1.0");
  CHECK(document.at("info").at("version").get_string() == "0.0.0");
  std::set<std::string> routes;
  for (const Route& route : world.door.routes()) {
    for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del}) {
      if (route.takes(method)) routes.insert(std::string(to_text(method)) + ' ' + std::string(route.path.text()));
    }
  }
  std::set<std::string> described;
  std::set<std::string> ids;
  for (const auto& [path, item] : document.at("paths").get_object()) {
    for (const auto& [method, operation] : item.get_object()) {
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(c & ~0x20);
      described.insert(upper + ' ' + std::string(path));
      CHECK(ids.insert(std::string(operation.at("operationId").get_string())).second);
    }
  }
  CHECK(described == routes);
}

TEST_CASE("an operation has the parameters that its route takes, its right, and the errors that follow from it") {
  World world;
  const json::object document = document_of(world);
  const json::object& read = document.at("paths").at("/v1/services/{service}").at("get").get_object();
  std::set<std::string> names;
  for (const json::value& parameter : read.at("parameters").get_array()) {
    names.insert(std::string(parameter.at("name").get_string()));
  }
  CHECK(names == std::set<std::string>{"service", "zone", "tag", "status", "index", "wait", "at_least", "consistent"});
  CHECK(read.at("x-right").get_string() == "read");
  CHECK(read.at("responses").get_object().contains("401"));
  const json::object& health = document.at("paths").at("/healthz").at("get").get_object();
  CHECK(health.at("security").get_array().empty());
  CHECK_FALSE(health.at("responses").get_object().contains("401"));
  const json::object& head = document.at("paths").at("/v1/services/{service}").at("head").get_object();
  CHECK(head.at("parameters") == read.at("parameters"));
  CHECK_FALSE(head.at("responses").at("200").get_object().contains("content"));
}

TEST_CASE("the schema of a registration has every field that a registration may have, and no other") {
  World world;
  const json::object document = document_of(world);
  std::set<std::string> described;
  for (const auto& [name, value] : schema_of(document, "Registration").at("properties").get_object()) {
    described.insert(std::string(name));
  }
  std::set<std::string> read;
  const std::string refusal = world.post("/v1/heartbeat", R"({"nonsense":1})").body;
  const std::string list = refusal.substr(refusal.find("a registration has ") + 19);
  for (std::size_t at = 0; at < list.size() && list[at] != '"';) {
    const std::size_t end = list.find_first_of(",\"", at);
    read.insert(list.substr(at, end - at));
    at = list[end] == ',' ? end + 2 : end;
  }
  CHECK(described == read);
  CHECK(schema_of(document, "Registration").at("additionalProperties") == json::value(false));
}

TEST_CASE("answers have the members that their schemas say") {
  World world;
  const json::object document = document_of(world);
  const auto differs = [&](const Response& response, std::string_view schema) {
    return differences(json::parse(response.body).get_object(), schema_of(document, schema));
  };
  const std::set<std::string> none;
  const std::string_view everything =
      R"(,"checks":[{"type":"http","path":"/"},{"type":"dns","name":"a.test"}],"probe":"tcp","evict_on_refusal":true,)"
      R"("renew_on_probe":true,"initial":"critical","rise":2,"fall":3,"tags":["blue"],"meta":{"a":"b"})";
  const std::string body =
      R"({"service":"web","address":"192.0.2.1","port":8080,"id":"a")" + std::string(everything) + '}';
  CHECK(differs(world.post("/v1/heartbeat", body), "Registered") == none);
  CHECK(differs(world.post("/v1/services/web/instances/a/heartbeat"), "Lease") == none);
  CHECK(differs(world.get("/v1/services/web/instances/a"), "Instance") == none);
  CHECK(differs(world.get("/v1/services/web"), "Service") == none);
  CHECK(differs(world.get("/v1/services"), "ServiceList") == none);
  CHECK(differs(world.get("/v1/instances"), "InstancePage") == none);
  CHECK(differs(world.get("/v1/whoami"), "Rights") == none);
  CHECK(differs(world.get("/healthz"), "Up") == none);
  CHECK(differs(world.get("/readyz"), "Ready") == none);
  CHECK(differs(world.post("/v1/services/web/instances/a/drain"), "Drain") == none);
  CHECK(differs(world.post("/v1/heartbeats", R"({"instances":[{"service":"web","id":"a"}]})"), "Renewed") == none);
  CHECK(differs(world.get("/v1/services/none"), "Problem") == none);
}

TEST_CASE("the document is made once") {
  World world;
  CHECK(&world.door.document(registry::EventNumbers::plain) == &world.door.document(registry::EventNumbers::plain));
  CHECK(world.get("/v1/openapi.json").body == world.door.document(registry::EventNumbers::plain));
}

}  // namespace
}  // namespace rollcall::api::native::openapi
