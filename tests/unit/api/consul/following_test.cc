// What is taken over from a Consul that is followed: from its answers to changes (api/consul/follow).
#include "api/consul/follow/following.h"

#include <fmt/format.h>

#include "catch.h"
#include "unit/api/consul/world.h"

namespace rollcall::api::consul::following_tests {
namespace {

using namespace consul::testing;

std::string row(std::string_view id, std::string_view status = "passing", std::string_view check = "c") {
  return fmt::format(R"({{"Node":{{"Node":"n1","Address":"192.0.2.1"}},"Service":{{"ID":"{0}","Service":"db","Port":1}},
    "Checks":[{{"CheckID":"{2}-{0}","Name":"x","Status":"{1}","ServiceID":"{0}"}},
              {{"CheckID":"serfHealth","Name":"s","Status":"passing","ServiceID":""}}]}})",
                     id, status, check);
}

struct Followed {
  ConsulWorld world;
  Following following{world.door, world.registry, world.zones, world.waiters, "192.0.2.9:8500"};

  // The number of instances that were changed.
  std::size_t take(const std::string& rows) {
    auto steps = following.take("db", "[" + rows + "]", world.clock.now());
    REQUIRE(steps);
    return make(std::move(*steps));
  }
  std::size_t look_again() { return make(following.look_again("db", world.clock.now())); }
  std::size_t make(std::vector<FollowStep> steps) {
    for (const FollowStep& step : steps) {
      INFO(step.refused);
      CHECK(step.refused.empty());
      for (const auto& outcome : world.registry.apply(step.changes, world.clock, k_wall_now)) CHECK(outcome);
      following.finished("db", step, true);
    }
    return steps.size();
  }
  std::size_t listed(std::string_view query = "") {
    return parse(world.get(std::string("/v1/health/service/db") + std::string(query))).as_array().size();
  }
};

TEST_CASE("follow: what differs is changed, and what is the same makes no step") {
  Followed followed;
  CHECK(followed.take(row("a") + "," + row("b")) == 2);
  CHECK(followed.listed("?passing") == 2);
  CHECK(followed.take(row("a") + "," + row("b")) == 0);
  CHECK(followed.take(row("a", "critical") + "," + row("b")) == 1);
  CHECK(followed.listed("?passing") == 1);
  CHECK(followed.take(row("b")) == 1);
  CHECK(followed.listed() == 1);
  CHECK(followed.following.instances() == 1);
}

TEST_CASE("follow: a check that the source has no more is removed") {
  Followed followed;
  followed.take(row("a", "critical", "old"));
  followed.take(row("a", "passing", "new"));
  CHECK(followed.listed("?passing") == 1);
}

TEST_CASE("follow: a local registration ends the following of that instance alone") {
  Followed followed;
  followed.take(row("a") + "," + row("b"));
  followed.world.expect_registered(R"({"Name":"db","ID":"a","Port":1,"Check":{"TTL":"10s"}})");
  CHECK(followed.look_again() == 1);
  CHECK(followed.look_again() == 0);
  CHECK(followed.listed() == 2);
  CHECK(followed.take(row("a", "critical") + "," + row("b")) == 0);
  followed.world.put("/v1/agent/service/deregister/a");
  CHECK(followed.take(row("a") + "," + row("b", "warning")) == 1);
  CHECK(followed.listed() == 1);
  // Removed there, and registered there again: it is followed anew.
  CHECK(followed.take(row("b", "warning")) == 0);
  CHECK(followed.take(row("a") + "," + row("b", "warning")) == 1);
}

TEST_CASE("follow: an answer that no Consul gives changes nothing") {
  Followed followed;
  followed.take(row("a"));
  for (const char* body : {"", "{}", "null", "[{}]", "[1]", "[", R"([{"Node":{"Node":"n"}}])"}) {
    INFO(body);
    CHECK(!followed.following.take("db", body, followed.world.clock.now()));
    CHECK(followed.following.look_again("db", followed.world.clock.now()).empty());
  }
  CHECK(followed.listed() == 1);
}

TEST_CASE("follow: the names are those of the source, and of what was taken over before") {
  Followed followed;
  followed.take(row("a"));
  const auto names = followed.following.take_names(R"({"consul":[],"Web":["x"]})");
  REQUIRE(names);
  CHECK(*names == std::vector<std::string>{"Web", "db"});
  CHECK(followed.following.take_names(R"({"DB":[]})") == std::vector<std::string>{"DB"});
  CHECK(!followed.following.take_names("[]"));
}

TEST_CASE("follow: the URL of a source") {
  const auto url = parse_source_url("https://consul.example/prefix/");
  REQUIRE(url);
  CHECK(url->is_secure);
  CHECK(url->authority() == "consul.example:443");
  CHECK(url->prefix == "/prefix");
  CHECK(parse_source_url("http://[2001:db8::1]")->authority() == "[2001:db8::1]:8500");
  for (const char* bad : {"", "consul", "ftp://a", "http://", "http://a:0", "http://u:p@a", "http://a/?x"}) {
    INFO(bad);
    CHECK(!parse_source_url(bad));
  }
}

}  // namespace
}  // namespace rollcall::api::consul::following_tests
