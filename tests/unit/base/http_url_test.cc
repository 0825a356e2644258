#include "base/http_url.h"

#include "catch.h"

namespace rollcall {
namespace {

constexpr HttpUrlRules k_rules{.http_port = 8500, .instead_of_userinfo = "credentials go elsewhere"};

TEST_CASE("a port that is not named is the one of the rules") {
  CHECK(parse_http_url("http://a.example", k_rules)->port == 8500);
  CHECK(parse_http_url("https://a.example", k_rules)->port == 443);
  CHECK(parse_http_url("http://a.example:81", k_rules)->port == 81);
}

TEST_CASE("the reason of a refusal is all that the message says") {
  CHECK(parse_http_url("http://user@a.example", k_rules).error().message == "credentials go elsewhere");
  CHECK(parse_http_url("ftp://a.example", k_rules).error().message == "it must be http or https");
  CHECK(parse_http_url("http://a.example/?x", k_rules).error().message == "it ends with the path");
  CHECK(parse_http_url("http://a.example:0", k_rules).error().message == "a port is 1 to 65535");
  CHECK(parse_http_url("a.example", k_rules).error().message == "write http://HOST:PORT");
}

}  // namespace
}  // namespace rollcall
