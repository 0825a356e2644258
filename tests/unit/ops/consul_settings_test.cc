// [consul] in a settings file.
#include <string>

#include "catch.h"
#include "ops/settings.h"

namespace rollcall::ops {
namespace {

TEST_CASE("consul: the door is open by default, on a node called as the host") {
  const Result<Settings> settings = parse_settings("", "rollcall.toml");
  REQUIRE(settings.has_value());
  CHECK(settings->consul.enabled);
  CHECK(settings->consul.datacenter == "dc1");
  CHECK_FALSE(settings->consul.node.empty());
  CHECK(settings->consul.kv_bytes == 64U << 20U);
}

TEST_CASE("consul: all that can be set") {
  const Result<Settings> settings = parse_settings(
      "[consul]\nenabled = false\ndomain = \"Corp.Example.\"\ndatacenter = \"east\"\nnode = \"Db-1.example\"\n"
      "address = \"192.0.2.1\"\nonly_passing = true\nkv = false\nkv_bytes = \"1GiB\"\nfollow = \"http://a:8500\"\n"
      "follow_token_file = \"token\"\n",
      "rollcall.toml");
  REQUIRE(settings.has_value());
  const ConsulSettings wanted{false, "corp.example", "east",    "Db-1.example",  "192.0.2.1",
                              true,  false,          1U << 30U, "http://a:8500", "token"};
  CHECK(settings->consul == wanted);
  CHECK(settings_that_need_a_restart(default_settings(), *settings) == std::vector<std::string>{"consul"});
}

TEST_CASE("consul: what cannot be is told with its line") {
  for (const auto& [line, told] : std::initializer_list<std::pair<std::string, std::string>>{
           {"domain = \"a..b\"", "consul.domain: \"a..b\" is not a domain"},
           {"datacenter = \"a.b\"", "consul.datacenter: \"a.b\" is no datacenter"},
           {"node = \"a b\"", "consul.node: \"a b\" is no node's name"},
           {"address = \"0.0.0.0\"", "consul.address: \"0.0.0.0\" is not an address"},
           {"kv_bytes = \"64 MiB\"", "consul.kv_bytes: \"64 MiB\" is no amount"},
           {"kv_bytes = \"99999999GiB\"", "consul.kv_bytes: \"99999999GiB\" is no amount"},
           {"follow = \"a:8500\"", "consul.follow: \"a:8500\" is no URL"},
           {"servers = 3", "consul.servers: unknown key"}}) {
    const Result<Settings> settings = parse_settings("[consul]\n" + line + "\n", "rollcall.toml");
    REQUIRE_FALSE(settings.has_value());
    CHECK(settings.error().message.starts_with("rollcall.toml:2: " + told));
  }
}

}  // namespace
}  // namespace rollcall::ops
