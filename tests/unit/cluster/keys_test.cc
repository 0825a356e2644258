// Keys there and back: a place has one key, a key one place, and what is not ours is foreign.
#include "cluster/keys.h"

#include <algorithm>

#include "base/random.h"
#include "catch.h"

namespace rollcall::cluster {
namespace {

template <class T>
const T& only(const Place& place) {
  REQUIRE(std::holds_alternative<T>(place));
  return std::get<T>(place);
}

TEST_CASE("a key says what it stands for") {
  const Keys keys("prod");
  CHECK(keys.all() == "/rollcall/prod/");
  const auto instance_key = keys.instance("svc.internal", "web", "web-1");
  CHECK(instance_key == "/rollcall/prod/roll/svc.internal/web/web-1");
  const Place instance_place = keys.place_of(instance_key);
  CHECK(only<InstancePlace>(instance_place).zone == "svc.internal");
  CHECK(only<InstancePlace>(instance_place).service == "web");
  CHECK(only<InstancePlace>(instance_place).label == "web-1");
  const std::string service_key = keys.service("svc.internal", "web");
  CHECK(only<ServicePlace>(keys.place_of(service_key)).service == "web");
  const std::string serial_key = keys.serial("svc.internal");
  CHECK(only<SerialPlace>(keys.place_of(serial_key)).zone == "svc.internal");
  const std::string lane_key = keys.lane("n1", 7);
  CHECK(only<LanePlace>(keys.place_of(lane_key)).lane == 7);
  const NodeKeys node = keys.node("n1");
  CHECK(only<SessionPlace>(keys.place_of(node.node)).node == "n1");
  CHECK(only<RegisteredPlace>(keys.place_of(node.nodes)).node == "n1");
  CHECK(std::holds_alternative<MembersPlace>(keys.place_of(node.members)));
  CHECK(std::holds_alternative<FormatPlace>(keys.place_of(keys.format())));
}

TEST_CASE("a service of any name has a key, and that key the name") {
  const Keys keys("prod");
  const std::string name = GENERATE(as<std::string>(), "my service", "a/b", "caf\xc3\xa9", "%41", "100%", "..", "a.b",
                                    "-x-", "\xf0\x9f\x9a\x80", std::string(255, ' '), "x\x01y");
  CAPTURE(name);
  const std::string key = keys.instance("svc.internal", name, "x1");
  const Place place = keys.place_of(key);
  CHECK(only<InstancePlace>(place).service == name);
  CHECK(only<InstancePlace>(place).label == "x1");
  CHECK(std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; }));
  const std::string service_key = keys.service("svc.internal", name);
  CHECK(only<ServicePlace>(keys.place_of(service_key)).service == name);
}

TEST_CASE("a name of a service is readable in its key as far as it can be") {
  CHECK(Keys("prod").service("z", "my_web.v2") == "/rollcall/prod/service/z/my_web.v2");
  CHECK(Keys("prod").service("z", "Web/a b") == "/rollcall/prod/service/z/%57eb%2Fa%20b");
}

TEST_CASE("what breaks the shape of a key is foreign") {
  const Keys keys("prod");
  const std::string wrong =
      GENERATE(as<std::string>(), "", "/", "/rollcall/prod", "/rollcall/prod/", "/rollcall/other/members",
               "/rollcall/prod/members/x", "/rollcall/prod/nothing", "/rollcall/prod/roll/svc.internal/web",
               "/rollcall/prod/roll/svc.internal/web/a/b", "/rollcall/prod/roll/svc.internal/Web/a",
               "/rollcall/prod/roll/svc..internal/web/a", "/rollcall/prod/roll/svc.internal./web/a",
               "/rollcall/prod/roll//web/a", "/rollcall/prod/roll/z/web/", "/rollcall/prod/roll/z/web/a.b",
               "/rollcall/prod/roll/z/we%2/a", "/rollcall/prod/roll/z/we%2f/a", "/rollcall/prod/roll/z/%61/a",
               "/rollcall/prod/roll/z/caf\xc3\xa9/a", "/rollcall/prod/service/z/", "/rollcall/prod/roll/z/a b/a",
               "/rollcall/prod/last/n1/07", "/rollcall/prod/last/n1/+7", "/rollcall/prod/last/n1/",
               "/rollcall/prod/last/n1/4294967296", "/rollcall/prod/node/-n", "/rollcall/prod/node/n_1");
  CAPTURE(wrong);
  CHECK(std::holds_alternative<Foreign>(keys.place_of(wrong)));
}

TEST_CASE("random octets are never taken for a place that has another key") {
  const Keys keys("c");
  Random random = Random(1);
  const std::string_view alphabet = "/abr.ol-0lastdeservice_A%2F41\xff";
  for (int i = 0; i < 200'000; ++i) {
    std::string key = "/rollcall/c/";
    if (random.below(2) == 0) key += "roll/z/";
    for (std::uint32_t size = random.below(16); size != 0; --size)
      key += alphabet[random.below(static_cast<std::uint32_t>(alphabet.size()))];
    const Place place = keys.place_of(key);
    if (const auto* instance = std::get_if<InstancePlace>(&place)) {
      REQUIRE(keys.instance(instance->zone, instance->service, instance->label) == key);
    } else if (const auto* lane = std::get_if<LanePlace>(&place)) {
      REQUIRE(keys.lane(lane->node, lane->lane) == key);
    } else if (const auto* service = std::get_if<ServicePlace>(&place)) {
      REQUIRE(keys.service(service->zone, service->service) == key);
    }
  }
}

}  // namespace
}  // namespace rollcall::cluster
