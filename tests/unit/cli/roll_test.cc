#include "tools/rollcall/roll.h"

#include <boost/json.hpp>

#include "catch.h"
#include "tools/rollcall/follower.h"

namespace rollcall::cli {
namespace {

constexpr const char* k_answer =
    R"({"service":"web","zone":"svc.internal","index":7,"instances":[{"service":"web","zone":"svc.internal","id":"a",)"
    R"("label":"a","status":"ready","ttl_ms":15000,"expires_in_ms":9000,"index":7,"address":"192.0.2.1",)"
    R"("addresses":["192.0.2.1","2001:db8::1"],"port":8080,"protocol":"tcp","priority":1,"weight":3,"tags":["blue"],)"
    R"("meta":{"version":"1"},"ttl":"15s"}]})";

TEST_CASE("a service is read with its instances") {
  const Result<Service> service = parse_service(boost::json::parse(k_answer));
  REQUIRE(service);
  CHECK(service->name == "web");
  CHECK(service->index == 7);
  REQUIRE(service->instances.size() == 1);
  const Instance& instance = service->instances.front();
  CHECK(instance.addresses == std::vector<std::string>{"192.0.2.1", "2001:db8::1"});
  CHECK(instance.port == 8080);
  CHECK(instance.weight == 3);
  CHECK(instance.tags == std::vector<std::string>{"blue"});
  CHECK(instance.meta.at("version") == "1");
  CHECK(instance.expires_in == std::chrono::seconds(9));
}

TEST_CASE("an answer that is none of a registry's is refused") {
  for (const char* text :
       {"[]", "{}", R"({"service":"web"})", R"({"service":"w","zone":"z","index":1,"instances":[{}]})",
        R"({"service":"w","zone":"z","index":-1,"instances":[]})"}) {
    INFO(text);
    CHECK(parse_service(boost::json::parse(text)).error().code == Errc::unreachable);
  }
  std::string homeless = k_answer;
  homeless.replace(homeless.find(R"(["192.0.2.1","2001:db8::1"])"), 27, "[]");
  CHECK(parse_service(boost::json::parse(homeless)).error().code == Errc::unreachable);
  CHECK(parse_service_names(boost::json::parse(R"({"services":[{"service":1}]})")).error().code == Errc::unreachable);
}

TEST_CASE("an event of the watch is read; what is no event is not") {
  const auto event =
      parse_roll_event({"42", "expired", R"({"cause":"lease expired","at":"now","service":"web","id":"a"})"});
  REQUIRE(event);
  CHECK(event->kind == "expired");
  CHECK(event->cause == "lease expired");
  CHECK(event->service == "web");
  CHECK(!parse_roll_event({"1", "x", "no JSON"}));
  CHECK(!parse_roll_event({"1", "x", "[]"}));
}

}  // namespace
}  // namespace rollcall::cli
