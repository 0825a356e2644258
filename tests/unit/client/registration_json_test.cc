#include "client/registration_json.h"

#include "catch.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;

TEST_CASE("what the settings leave to the registry is not sent") {
  const std::vector<std::string> own{"192.0.2.1"};
  CHECK(registration_body({.service = "web", .port = 8080}, own) ==
        R"({"service":"web","addresses":["192.0.2.1"],"port":8080,"priority":1,"weight":1,"ttl":"15s"})");
}

TEST_CASE("a whole registration is sent as it is") {
  const RegistrationSettings settings{.service = "web",
                                      .port = 53,
                                      .id = "w \"1\"",
                                      .protocol = "udp",
                                      .priority = 3,
                                      .weight = 0,
                                      .tags = {"blue", "eu"},
                                      .meta = {{"version", "1.2"}},
                                      .lease = 90'500ms,
                                      .zone = "svc.internal"};
  CHECK(registration_body(settings, std::vector<std::string>{"192.0.2.1", "2001:db8::1"}) ==
        R"({"service":"web","addresses":["192.0.2.1","2001:db8::1"],"port":53,"priority":3,"weight":0,)"
        R"("ttl":"1m30s500ms","id":"w \"1\"","protocol":"udp","zone":"svc.internal","tags":["blue","eu"],)"
        R"("meta":{"version":"1.2"}})");
}

TEST_CASE("an acknowledgement names the id and the lease; anything else is none") {
  const auto read = parse_acknowledgement(R"({"service":"web","id":"web-1","ttl_ms":15000,"expires_in_ms":14999})");
  REQUIRE(read);
  CHECK(read->id == "web-1");
  CHECK(read->lease == 15s);
  for (const char* body :
       {"", "[]", "null", "{}", R"({"id":"web-1"})", R"({"id":1,"ttl_ms":15000})", R"({"id":"","ttl_ms":15000})",
        R"({"id":"a","ttl_ms":0})", R"({"id":"a","ttl_ms":1.5})", "<html>it works</html>"}) {
    INFO(body);
    CHECK_FALSE(parse_acknowledgement(body));
  }
}

TEST_CASE("whether a drain is safe is said, or it is not known") {
  CHECK(parse_is_safe(R"({"status":"draining","safe":true,"safe_in_ms":0})") == true);
  CHECK(parse_is_safe(R"({"safe":false})") == false);
  for (const char* body : {"", "{}", R"({"safe":1})"}) CHECK_FALSE(parse_is_safe(body).has_value());
}

}  // namespace
}  // namespace rollcall::client
