// Keys there and back: a place has one key, a key one place, and what is not ours is foreign.
#include "cluster/keys.h"

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

TEST_CASE("what breaks the shape of a key is foreign") {
  const Keys keys("prod");
  const std::string wrong =
      GENERATE(as<std::string>(), "", "/", "/rollcall/prod", "/rollcall/prod/", "/rollcall/other/members",
               "/rollcall/prod/members/x", "/rollcall/prod/nothing", "/rollcall/prod/roll/svc.internal/web",
               "/rollcall/prod/roll/svc.internal/web/a/b", "/rollcall/prod/roll/svc.internal/Web/a",
               "/rollcall/prod/roll/svc..internal/web/a", "/rollcall/prod/roll/svc.internal./web/a",
               "/rollcall/prod/roll//web/a", "/rollcall/prod/roll/z/web/", "/rollcall/prod/roll/z/web/a.b",
               "/rollcall/prod/last/n1/07", "/rollcall/prod/last/n1/+7", "/rollcall/prod/last/n1/",
               "/rollcall/prod/last/n1/4294967296", "/rollcall/prod/node/-n", "/rollcall/prod/node/n_1");
  CAPTURE(wrong);
  CHECK(std::holds_alternative<Foreign>(keys.place_of(wrong)));
}

TEST_CASE("random octets are never taken for a place that has another key") {
  const Keys keys("c");
  Random random = Random(1);
  const std::string_view alphabet = "/abr.ol-0lastdeservice_A\xff";
  for (int i = 0; i < 200'000; ++i) {
    std::string key = "/rollcall/c/";
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
