// Prepared queries: their JSON, and how the DNS finds them.
#include "base/rcu.h"
#include "catch.h"
#include "kv/query_definition.h"
#include "unit/kv/world.h"

namespace rollcall::kv {
namespace {

using namespace testing;

Query query(std::string id, std::string name, std::string service = "web") {
  Query made = parse_definition(R"({"Name":")" + name + R"(","Service":{"Service":")" + service + "\"}}").value();
  made.id = std::move(id);
  return made;
}

const consul::PreparedQuery* find(const World& world, std::string_view folded) {
  return world.all->queries().find_query(folded);
}

TEST_CASE("a definition is read in every spelling, and written in one") {
  const Query read = parse_definition(R"({"name":"Q","service":{"SERVICE":"Web","tags":["a","!b"],"only_passing":true,
    "failover":{"nearest_n":2,"datacenters":["dc2","dc3"]},"NodeMeta":{"k":"v"},"Near":"_agent"},
    "DNS":{"TTL":"90s"},"Unknown":{"x":[1]},"Template":null})")
                         .value();
  CHECK(read.name == "Q");
  CHECK(read.asked.service == "Web");
  CHECK(read.asked.tags == std::vector<std::string>{"a", "!b"});
  CHECK(read.asked.only_passing);
  CHECK(read.asked.failover == std::vector<std::string>{"dc2", "dc3"});
  CHECK(read.asked.ttl_seconds == 90U);
  CHECK(read.definition ==
        R"({"Name":"Q","Session":"","Token":"","Service":{"Service":"Web","Failover":{"NearestN":2,)"
        R"("Datacenters":["dc2","dc3"]},"OnlyPassing":true,"Near":"_agent","IgnoreCheckIDs":[],"Tags":["a","!b"],)"
        R"("NodeMeta":{"k":"v"},"ServiceMeta":{},"Connect":false},"DNS":{"TTL":"1m30s"}})");
  CHECK(parse_definition(read.definition).value().definition == read.definition);
  CHECK_FALSE(parse_definition(R"({"Service":{"Service":"web"}})").value().asked.ttl_seconds);
}

TEST_CASE("what is no query is refused with a sentence") {
  const auto sentence = [](std::string_view json) { return parse_definition(json).error().message; };
  CHECK(sentence("[]") == "a prepared query must be a JSON object");
  CHECK(sentence("{").starts_with("the body is no JSON"));
  CHECK(sentence("{}") == "Must provide a Service name to query");
  CHECK(sentence(R"({"Service":{"Service":""}})") == "Must provide a Service name to query");
  CHECK(sentence(R"({"Service":{"Service":"w"},"Template":{"Type":"name_prefix_match"}})")
            .find("templates are not supported") == 0);
  CHECK(sentence(R"({"Service":{"Service":"w","Tags":"x"}})") == "tags must be a list");
  CHECK(sentence(R"({"Service":{"Service":"w"},"DNS":{"TTL":"soon"}})").starts_with("Bad DNS TTL"));
  CHECK(sentence(R"({"Service":{"Service":"w","Connect":true}})").find("not supported") != std::string::npos);
  CHECK(sentence(R"({"Name":")" + std::string(256, 'x') + R"(","Service":{"Service":"w"}})").find("255") !=
        std::string::npos);
}

TEST_CASE("a query is found by its name and its id, until it is deleted") {
  World world;
  const rcu::ReadLock lock;
  static_cast<void>(world.ask(PutQuery{query("id-1", "Web-Query"), true}));
  REQUIRE(find(world, "web-query"));
  CHECK(find(world, "web-query")->service == "web");
  CHECK(find(world, "id-1"));
  static_cast<void>(world.ask(PutQuery{query("id-1", "other", "api"), false}));
  CHECK_FALSE(find(world, "web-query"));
  CHECK(find(world, "other")->service == "api");
  world.start();
  REQUIRE(find(world, "other"));
  CHECK(find(world, "id-1")->service == "api");
  static_cast<void>(world.ask(RemoveQuery{"id-1"}));
  CHECK_FALSE(find(world, "other"));
  CHECK_FALSE(find(world, "id-1"));
}

TEST_CASE("two queries do not share a name, and one that is not there is not updated") {
  World world;
  static_cast<void>(world.ask(PutQuery{query("id-1", "q"), true}));
  CHECK(std::get<Refusal>(world.ask(PutQuery{query("id-2", "Q"), true}).value()).what ==
        "name \"Q\" aliases an existing query name");
  CHECK(std::get<Refusal>(world.ask(PutQuery{query("id-2", "r"), false}).value()).what == "Query not found");
  CHECK(std::get<Refusal>(world.ask(RemoveQuery{"id-2"}).value()).what == "Query not found");
}

TEST_CASE("a query that belongs to a session is deleted with it") {
  World world;
  world.begin_session("one");
  Query bound = query("id-1", "q");
  bound.session = "one";
  static_cast<void>(world.ask(PutQuery{bound, true}));
  const rcu::ReadLock lock;
  CHECK(find(world, "q"));
  static_cast<void>(world.ask(DestroySession{"one"}));
  CHECK_FALSE(find(world, "q"));
  bound.session = "nobody";
  CHECK(std::get<Refusal>(world.ask(PutQuery{bound, true}).value()).why == Why::no_session);
}

}  // namespace
}  // namespace rollcall::kv
