// Explanations of Consul's names.
#include <algorithm>
#include <string>

#include "catch.h"
#include "unit/answer/consul/consul_world.h"

namespace rollcall::answer::testing {
namespace {

using dns::Type;

std::string reason(const Explained& explained, const std::string& id) {
  const auto at = std::ranges::find(explained.left_out, id, &Omission::id);
  return at == explained.left_out.end() ? "answered" : std::string(to_text(at->reason));
}

TEST_CASE("an explanation of one of Consul's names says who is left out, and why") {
  ConsulWorld world;
  world.add(Consul{.id = "in", .tags = {"V1"}});
  world.add(Consul{.id = "bare", .addresses = {}, .port = 0, .tags = {"v1"}});
  world.add(Consul{.id = "sick", .addresses = {"192.0.2.2"}, .tags = {"v1"}});
  world.add(Consul{.id = "other", .addresses = {"192.0.2.3"}});
  world.add(Consul{.id = "silent", .addresses = {"192.0.2.4"}, .tags = {"v1"}, .ttl = 5s});
  world.set_check("sick", health::CheckStatus::critical, "connection refused");
  world.pass(5s);
  const Explained explained = world.explain("v1.web.service.consul", Type::srv);
  CHECK(to_text(explained.rule) == "tag");
  CHECK(explained.service == "web");
  CHECK(explained.zone == "consul");
  CHECK(explained.services == std::vector<registry::ServiceKey>{{registry::ZoneId{0}, "web"}});
  CHECK(explained.zones.empty());
  CHECK(explained.instances == 5);
  CHECK(explained.answered == 1);
  REQUIRE(explained.answer.size() == 1);
  CHECK(explained.answer.front().instances == std::vector<std::string>{"in"});
  CHECK(reason(explained, "bare") == "no_port");
  CHECK(reason(explained, "sick") == "critical");
  CHECK(reason(explained, "other") == "other_tag");
  CHECK(reason(explained, "silent") == "lease_ended");
  const auto sick = std::ranges::find(explained.left_out, "sick", &Omission::id);
  CHECK(sick->detail.ends_with(": connection refused"));
  CHECK(reason(world.explain("v1.web.service.consul", Type::aaaa), "in") == "no_address");
}

TEST_CASE("a warning is a reason where only those that pass are answered") {
  ConsulWorld world({.only_passing = true});
  world.add(Consul{});
  world.set_check("web-1", health::CheckStatus::warning);
  CHECK(reason(world.explain("web.service.consul"), "web-1") == "not_passing");
}

TEST_CASE("explanations of names that are no service tell of their datacenter") {
  ConsulWorld world;
  world.add(Consul{});
  CHECK(to_text(world.explain("node-1.node.consul").rule) == "node");
  CHECK(to_text(world.explain("c0000201.addr.consul").rule) == "address");
  CHECK(to_text(world.explain("service.consul").rule) == "empty_non_terminal");
  const Explained nothing = world.explain("api.service.lab.example.consul");
  CHECK(to_text(nothing.rule) == "nothing");
  CHECK(nothing.rcode == dns::Rcode::nxdomain);
  CHECK(nothing.zones == std::vector<registry::ZoneId>{registry::ZoneId{1}});
  CHECK(to_text(world.explain("consul", Type::soa).rule) == "static");
}

TEST_CASE("an alias is explained by the instance whose host it is") {
  ConsulWorld world;
  world.add(Consul{.addresses = {}, .host = "db.example.com"});
  const Explained explained = world.explain("web.service.consul");
  REQUIRE(explained.answer.size() == 1);
  CHECK(explained.answer.front().instances == std::vector<std::string>{"web-1"});
  CHECK(explained.left_out.empty());
}

}  // namespace
}  // namespace rollcall::answer::testing
