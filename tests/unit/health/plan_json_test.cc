// The health members of a registration: each field at its bound and one beyond, and what is read back.
#include "health/plan_json.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <string>

#include "catch.h"
#include "health/check_state.h"

namespace rollcall::health {
namespace {

// "ok", or the field that is wrong.
std::string outcome_of(const std::string& object) {
  const Result<SharedPlan> plan = parse_plan(object);
  return plan ? "ok" : plan.error().field;
}
std::string with_check(const std::string& members) { return outcome_of(R"({"checks":[{)" + members + "}]}"); }
std::string with_http(const std::string& members) { return with_check(R"("type":"http",)" + members); }

std::string written(const std::string& object) {
  const Result<SharedPlan> plan = parse_plan(object);
  REQUIRE(plan);
  const std::string text = write_plan(*plan);
  const Result<SharedPlan> again = parse_plan(text);
  REQUIRE(again);
  CHECK(*again == *plan);
  return text;
}

TEST_CASE("no member is no plan") {
  CHECK(written("{}") == "{}");
  CHECK(written(R"({"checks":[],"evict_on_refusal":false,"initial":"ready"})") == "{}");
  CHECK_FALSE(bool{*parse_plan("{}")});
}

TEST_CASE("a check is read back with its defaults") {
  CHECK(written(R"({"checks":[{"type":"tcp"}]})") ==
        R"({"checks":[{"type":"tcp","interval":"10s","timeout":"2s","rise":1,"fall":2}]})");
  CHECK(written(R"({"checks":[{"type":"http","path":"/up?\"x","expect_status":[204,"3xx","400-404"]}]})") ==
        R"({"checks":[{"type":"http","interval":"10s","timeout":"2s","rise":1,"fall":2,"path":"/up?\"x",)"
        R"("expect_status":[204,"300-399","400-404"]}]})");
  CHECK(written(R"({"checks":[{"type":"dns","name":"svc.internal","qtype":"SOA","interval":1}]})") ==
        R"({"checks":[{"type":"dns","interval":"1s","timeout":"1s","rise":1,"fall":2,"name":"svc.internal",)"
        R"("qtype":"SOA"}]})");
}

TEST_CASE("a probe may be a word") {
  CHECK(written(R"({"probe":"tcp","evict_on_refusal":true})") ==
        R"({"probe":{"type":"tcp","timeout":"2s"},"evict_on_refusal":true})");
  CHECK(
      written(R"({"probe":"http:/health","renew_on_probe":true})") ==
      R"({"probe":{"type":"http","timeout":"2s","path":"/health","expect_status":["200-299"]},"renew_on_probe":true})");
  for (const char* wrong : {R"("udp")", R"("http:health")", "7", R"({"type":"tcp","interval":"5s"})", R"({})"}) {
    CHECK(outcome_of(fmt::format(R"({{"probe":{}}})", wrong)).starts_with("probe"));
  }
}

TEST_CASE("an instance has at most 8 checks that are run, and 12 with those that call in") {
  const auto checks = [](int run, int calling = 0) {
    std::string list;
    for (int i = 0; i < run; ++i) list += R"({"type":"tcp"},)";
    for (int i = 0; i < calling; ++i) list += fmt::format(R"({{"type":"ttl","id":"c{}","interval":"1ms"}},)", i);
    list.pop_back();
    return outcome_of(R"({"checks":[)" + list + "]}");
  };
  CHECK(checks(8) == "ok");
  CHECK(checks(9) == "checks");
  CHECK(checks(8, 4) == "ok");
  CHECK(checks(8, 5) == "checks");
  CHECK(checks(0, 12) == "ok");
  CHECK(checks(0, 13) == "checks");
}

TEST_CASE("an interval is from 1s to 1h, a time-out from 100ms to the interval") {
  CHECK(with_check(R"("type":"tcp","interval":"1s")") == "ok");
  CHECK(with_check(R"("type":"tcp","interval":"999ms")") == "checks[0].interval");
  CHECK(with_check(R"("type":"tcp","interval":"1h")") == "ok");
  CHECK(with_check(R"("type":"tcp","interval":"3601s")") == "checks[0].interval");
  CHECK(with_check(R"("type":"tcp","interval":true)") == "checks[0].interval");
  CHECK(with_check(R"("type":"tcp","timeout":"100ms")") == "ok");
  CHECK(with_check(R"("type":"tcp","timeout":"99ms")") == "checks[0].timeout");
  CHECK(with_check(R"("type":"tcp","timeout":"10s")") == "ok");
  CHECK(with_check(R"("type":"tcp","timeout":"10001ms")") == "checks[0].timeout");
}

TEST_CASE("rise and fall are from 1 to 10") {
  for (const char* name : {"rise", "fall"}) {
    for (const char* wrong : {"0", "11", "-1", "1.5", "\"2\""}) {
      CHECK(with_check(fmt::format(R"("type":"tcp","{}":{})", name, wrong)) == fmt::format("checks[0].{}", name));
      CHECK(outcome_of(fmt::format(R"({{"checks":[{{"type":"tcp"}}],"{}":{}}})", name, wrong)) == name);
    }
    CHECK(with_check(fmt::format(R"("type":"tcp","{}":10)", name)) == "ok");
  }
}

TEST_CASE("an address is a literal or a host name, and a port is a port") {
  for (const char* good : {"192.0.2.7", "2001:db8::7", "web.example.com", "a_b.example"}) {
    CHECK(with_check(fmt::format(R"("type":"tcp","address":"{}")", good)) == "ok");
  }
  for (const char* wrong : {"", ".", "a b", "a..b", "-/-", "[2001:db8::7]", "ä.example"}) {
    CHECK(with_check(fmt::format(R"("type":"tcp","address":"{}")", wrong)) == "checks[0].address");
  }
  for (const char* wrong : {"0", "65536", "\"80\""}) {
    CHECK(with_check(fmt::format(R"("type":"tcp","port":{})", wrong)) == "checks[0].port");
  }
}

TEST_CASE("nothing in a request can end its line") {
  CHECK(with_http(R"("path":"/a%20b")") == "ok");
  for (const char* wrong : {R"("a")", R"("/a b")", R"("/\r\nX: y")", R"("/ä")", R"("")"}) {
    CHECK(with_http(fmt::format(R"("path":{})", wrong)) == "checks[0].path");
  }
  CHECK(with_http(R"("host":"web.example\r\n")") == "checks[0].host");
  CHECK(with_http(R"("method":"POST")") == "checks[0].method");
  CHECK(with_http(fmt::format(R"("path":"/{}")", std::string(1023, 'a'))) == "ok");
  CHECK(with_http(fmt::format(R"("path":"/{}")", std::string(1024, 'a'))) == "checks[0].path");
}

TEST_CASE("an expected status is a number, a class or a range") {
  for (const char* good : {"200", R"("2xx")", R"("200-204")", R"("204")", R"([200,"3xx"])", "599", "200.0"}) {
    CHECK(with_http(fmt::format(R"("expect_status":{})", good)) == "ok");
  }
  for (const char* wrong : {"99", "600", R"("6xx")", R"("204-200")", R"("2x")", "[]", R"("200-")", "{}", "200.5"}) {
    CHECK(with_http(fmt::format(R"("expect_status":{})", wrong)) == "checks[0].expect_status");
  }
  CHECK(with_http(fmt::format(R"("expect_body":"{}")", std::string(256, 'a'))) == "ok");
  CHECK(with_http(fmt::format(R"("expect_body":"{}")", std::string(257, 'a'))) == "checks[0].expect_body");
}

TEST_CASE("a field of another type of check is unknown") {
  CHECK(with_check(R"("type":"tcp","path":"/")") == "checks[0].path");
  CHECK(with_check(R"("type":"http","qtype":"A")") == "checks[0].qtype");
  CHECK(with_check(R"("type":"none")") == "checks[0].type");
  CHECK(with_check(R"("type":"h2ping","service":"a")") == "checks[0].service");
  CHECK(with_check(R"("interval":"1s")") == "checks[0].type");
  CHECK(with_check(R"("type":"dns")") == "checks[0].name");
  CHECK(with_check(R"("type":"dns","name":"a","qtype":"NONSENSE")") == "checks[0].qtype");
}

TEST_CASE("what other APIs ask for is no check of the native one") {
  const auto asked = [](const char* text) {
    const Result<Check> check = parse_check(boost::json::parse(text), "checks[0]");
    return check ? "ok" : check.error().field;
  };
  CHECK(asked(R"({"type":"udp"})") == "checks[0].type");
  CHECK(asked(R"({"type":"ttl"})") == "checks[0].type");
  CHECK(asked(R"({"type":"alias_node"})") == "checks[0].type");
  CHECK(asked(R"({"type":"tcp","tls":true})") == "checks[0].tls");
  CHECK(asked(R"({"type":"grpc","target":"a"})") == "checks[0].target");
  CHECK(asked(R"({"type":"grpc","service":"a"})") == "ok");
}

TEST_CASE("gRPC and HTTP/2 may be asked, under TLS too, and are read back as they were given") {
  CHECK(with_check(R"("type":"h2ping","tls":true)") == "ok");
  CHECK(with_check(R"("type":"grpc")") == "ok");
  CHECK(with_check(R"("type":"grpc","tls":1)") == "checks[0].tls");
  CHECK(with_check(R"("type":"grpc","service":7)") == "checks[0].service");
  const Result<Check> check = parse_check(
      boost::json::parse(
          R"({"type":"grpc","rise":1,"fall":2,"port":50051,"service":"shop.Cart","tls":true,"tls_skip_verify":true,"tls_name":"a.test"})"),
      "checks[0]");
  REQUIRE(check);
  CHECK(check->target == "shop.Cart");
  CHECK(check->uses_tls);
  const std::string text = write_check(*check, CheckRole::check);
  CHECK(text.contains(R"("service":"shop.Cart","tls":true,"tls_skip_verify":true,"tls_name":"a.test")"));
  const Result<Check> again = parse_check(boost::json::parse(text), "checks[0]", CheckRole::stored);
  REQUIRE(again);
  CHECK(again->target == check->target);
  CHECK(again->tls_name == check->tls_name);
}

TEST_CASE("what says nothing by itself is refused") {
  CHECK(outcome_of(R"({"evict_on_refusal":true})") == "evict_on_refusal");
  CHECK(outcome_of(R"({"renew_on_probe":true})") == "renew_on_probe");
  CHECK(outcome_of(R"({"initial":"critical"})") == "initial");
  CHECK(outcome_of(R"({"rise":2})") == "rise");
  CHECK(outcome_of(R"({"initial":"up","checks":[{"type":"tcp"}]})") == "initial");
  CHECK(outcome_of("[]") == "checks");
  CHECK(outcome_of("{") == "checks");
}

TEST_CASE("an output is cut between characters") {
  CHECK(cut_output(std::string(256, 'a')).size() == 256);
  CHECK(cut_output(std::string(257, 'a')).size() == 256);
  CHECK(cut_output(std::string(255, 'a') + "ä").size() == 255);
}

}  // namespace
}  // namespace rollcall::health
