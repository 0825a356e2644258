#include "consul/names.h"

#include <string>

#include "catch.h"
#include "consul/identity.h"

namespace rollcall::consul {
namespace {

TEST_CASE("a service is keyed by its folded name, which may be anything but control characters") {
  CHECK(*parse_service_name("Web_API") == "web_api");
  CHECK(*parse_service_name("a b/c.d:e") == "a b/c.d:e");
  CHECK(*parse_service_name(std::string(255, 'x')) == std::string(255, 'x'));
  for (const std::string& wrong : {std::string(), std::string(256, 'x'), std::string("a\nb"), std::string("\xff")}) {
    CHECK_FALSE(parse_service_name(wrong).has_value());
  }
}

TEST_CASE("a name that is one label is its own label, and others get a slug that no other name has") {
  CHECK(service_label("web") == "web");
  CHECK(service_label("Web_API") == "web_api");
  CHECK(service_label("a b:c") == "a b:c");
  const std::string dotted = service_label("a.b");
  CHECK(dotted.starts_with("a-b--"));
  CHECK(dotted.size() == 13);
  CHECK(service_label("a-b") == "a-b");
  CHECK(service_label("a..b") != dotted);
  CHECK(service_label("A.B") == dotted);
  CHECK(service_label(dotted) != dotted);
  CHECK(service_label("...").starts_with("x--"));
  CHECK(service_label(std::string(200, 'a')).size() == 63);
}

TEST_CASE("the ids of two hosts are two ids on the roll") {
  CHECK(roll_id("web", "") == "web");
  CHECK(roll_id("web", "192.0.2.7") == "web@192.0.2.7");
  const std::string longest(255, 'x');
  CHECK(roll_id(longest, "192.0.2.7").size() == 255);
  CHECK(roll_id(longest, "192.0.2.7") != roll_id(longest, "192.0.2.8"));
}

TEST_CASE("datacenters are found by their names, and a node has one id") {
  const Identity self{.node = "one", .node_id = node_id_of("one"), .datacenters = {"dc1", "other.example"}};
  CHECK(self.find_datacenter("") == registry::ZoneId{0});
  CHECK(self.find_datacenter("DC1") == registry::ZoneId{0});
  CHECK(self.find_datacenter("other.example") == registry::ZoneId{1});
  CHECK_FALSE(self.find_datacenter("dc2").has_value());
  CHECK(self.node_id.size() == 36);
  CHECK(self.node_id[14] == '8');
  CHECK(node_id_of("One") == self.node_id);
  CHECK(node_id_of("two") != self.node_id);
}

}  // namespace
}  // namespace rollcall::consul
