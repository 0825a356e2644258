#include "api/native/plain_keys.h"

#include <string>
#include <vector>

#include "api/native/fields.h"
#include "base/random.h"
#include "catch.h"
#include "json/body.h"
#include "unit/api/fixture.h"

namespace rollcall::api::native {
namespace {

using namespace testing;
using registry::InstanceRef;
using registry::ZoneId;

const std::string k_two = R"({"instances":[{"service":"web","id":"web-1"},{"id":"db-1","service":"db"}]})";

std::vector<InstanceRef> keys_of(const std::string& body, bool& is_plain) {
  std::vector<InstanceRef> keys;
  is_plain = read_plain_keys(body, ZoneId{0}, keys);
  return keys;
}

TEST_CASE("a batch as programs write it is read in place") {
  const std::string body =
      " {\"instances\" : [ {\"service\":\"web\",\"id\":\"web-1\"},\n{ \"id\" : \"10.0.0.1-80\" , \"service\" : \"db\" "
      "}\t]\r\n} ";
  bool is_plain = false;
  const auto keys = keys_of(body, is_plain);
  CHECK(is_plain);
  REQUIRE(keys.size() == 2);
  CHECK(keys[0] == InstanceRef{{ZoneId{0}, "web"}, "web-1"});
  CHECK(keys[1] == InstanceRef{{ZoneId{0}, "db"}, "10.0.0.1-80"});
  CHECK(keys_of(R"({"instances":[]})", is_plain).empty());
  CHECK(is_plain);
}

TEST_CASE("what a batch may say otherwise is for the reader of trees") {
  for (const char* body :
       {"", "{}", "[]", R"({"instances":[{"service":"Web","id":"a"}]})",
        R"({"instances":[{"service":"web","id":"a\u0062"}]})",
        R"({"instances":[{"service":"web","id":"a","zone":"lab.example"}]})", R"({"instances":[{"service":"web"}]})",
        R"({"instances":[{"service":"web","id":""}]})", R"({"instances":[{"service":"-web","id":"a"}]})",
        R"({"instances":[{"service":"","id":"a"}]})", R"({"instances":[{"service":"web","id":"a/b"}]})",
        R"({"instances":[{"service":"web","id":"a"},]})", R"({"instances":[{"service":"web","id":"a"}]}x)",
        R"({"instances":[{"service":"web","id":"a"})", R"({"instances":[{"service":"web","id":"ä"}]})"}) {
    CAPTURE(body);
    bool is_plain = true;
    keys_of(body, is_plain);
    CHECK_FALSE(is_plain);
  }
  bool is_plain = true;
  keys_of(R"({"instances":[{"service":"web","id":")" + std::string(limits::k_id_characters_max, 'i') + R"("}]})",
          is_plain);
  CHECK(is_plain);
  keys_of(R"({"instances":[{"service":"web","id":")" + std::string(limits::k_id_characters_max + 1, 'i') + R"("}]})",
          is_plain);
  CHECK_FALSE(is_plain);
}

TEST_CASE("whatever is read in place, the reader of trees reads as well, to the same keys") {
  const std::string seeds[] = {k_two, R"({"instances":[{"service":"a-b","id":"i"}]})", R"({ "instances" : [ ] })",
                               R"({"instances":[{"id":"x","service":"y"}]})"};
  const std::string_view alphabet = "{}[]\",: \n\\-aA0/\x7f\x80";
  const TwoZones zones;
  Random random(20261121);
  for (int round = 0; round < 20'000; ++round) {
    std::string body = seeds[random.below(std::size(seeds))];
    for (std::uint32_t changes = random.below(3); changes > 0; --changes) {
      const std::uint32_t at = random.below(static_cast<std::uint32_t>(body.size()));
      const char octet = alphabet[random.below(static_cast<std::uint32_t>(alphabet.size()))];
      switch (random.below(3)) {
        case 0: body[at] = octet; break;
        case 1: body.insert(at, 1, octet); break;
        default: body.erase(at, 1); break;
      }
    }
    bool is_plain = false;
    const auto keys = keys_of(body, is_plain);
    if (!is_plain) continue;
    CAPTURE(body);
    const auto tree = json::parse_object(body, "a batch");
    REQUIRE(tree.has_value());
    const auto owned = parse_instance_keys(*tree, std::nullopt, zones);
    REQUIRE(owned.has_value());
    REQUIRE(owned->size() == keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE((*owned)[i].ref() == keys[i]);
  }
}

}  // namespace
}  // namespace rollcall::api::native
