#include "server/handover_state.h"

#include <chrono>

#include "catch.h"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using registry::HandedRoll;

// Numbers are given to the zones in the order of the settings.
struct Zones final : registry::ZoneDirectory {
  explicit Zones(std::vector<std::string> of) : names(std::move(of)) {}
  std::vector<std::string> names;

  [[nodiscard]] std::optional<registry::ZoneId> find(std::string_view name) const override {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return static_cast<registry::ZoneId>(i);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string name_of(registry::ZoneId zone) const override {
    return names[static_cast<std::size_t>(zone)];
  }
  [[nodiscard]] std::size_t apex_bytes_of(registry::ZoneId) const override { return 14; }
  [[nodiscard]] std::optional<registry::TakenName> find_taken(const registry::ServiceRef&) const override { return {}; }
  [[nodiscard]] bool may_have_names_below(const registry::ServiceRef&) const override { return false; }
  [[nodiscard]] std::optional<registry::TakenName> find_taken_below(const registry::ServiceRef&, std::string_view,
                                                                    Below) const override {
    return {};
  }
};

HandedRoll some_roll() {
  HandedRoll roll{.index = 1'764'000'000'123, .last_event = 77};
  roll.services.push_back(
      {{registry::ZoneId{0}, "web"}, 9, 3, std::nullopt, {{"a", 7, 1500ms}, {"b", 9, std::nullopt}, {"c", 8, 0ns}}});
  roll.services.push_back({{registry::ZoneId{1}, "db"}, 5, 1, registry::WallTime(1'764'000'000'000ms), {}});
  return roll;
}

TEST_CASE("a roll that is handed over is read as it was written") {
  const Zones zones({"svc.internal", "lab.example"});
  const auto read = read_roll(write_roll(some_roll(), zones), zones);
  REQUIRE(read);
  CHECK(*read == some_roll());
}

TEST_CASE("zones are known by their names, and those that are not served here are left out") {
  const std::string octets = write_roll(some_roll(), Zones({"svc.internal", "lab.example"}));
  const auto read = read_roll(octets, Zones({"lab.example"}));
  REQUIRE(read);
  REQUIRE(read->services.size() == 1);
  CHECK(read->services.front().key.name == "db");
  CHECK(read->services.front().key.zone == registry::ZoneId{0});
}

TEST_CASE("a roll that is cut short, longer than it says, or none of ours is not read") {
  const Zones zones({"svc.internal", "lab.example"});
  const std::string octets = write_roll(some_roll(), zones);
  for (std::size_t size = 0; size < octets.size(); ++size) CHECK_FALSE(read_roll(octets.substr(0, size), zones));
  CHECK_FALSE(read_roll(octets + "x", zones));
  CHECK_FALSE(read_roll("x" + octets, zones));
}

}  // namespace
}  // namespace rollcall::server
