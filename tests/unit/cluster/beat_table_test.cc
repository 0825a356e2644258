#include "cluster/beat_table.h"

#include <map>

#include "base/random.h"
#include "catch.h"

namespace rollcall::cluster {
namespace {

// Few homes, so that rows stand in each other's way.
InstanceId id_of(std::uint32_t number) { return {{number % 7, number, number}}; }

std::vector<std::uint32_t> heard_after(BeatTable& table, const LogPlace& place) {
  std::vector<std::uint32_t> found;
  for (Slot slot = table.after(place); slot != k_no_slot; slot = table.at(slot).newer) {
    found.push_back(table.at(slot).id.words[2]);
  }
  return found;
}

TEST_CASE("a table of heartbeats finds what a map finds, and lists what was heard in its order") {
  Random random(1);
  BeatTable table(0);
  std::map<std::uint32_t, std::uint64_t> model;  // the last heartbeat of each; 0: none
  std::vector<LogPlace> places{{}};
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t number = random.below(200);
    BeatRow* row = table.find(id_of(number));
    REQUIRE((row != nullptr) == model.contains(number));
    if (row == nullptr) {
      table.add(id_of(number));
      model[number] = 0;
    } else if (random.below(4) == 0) {
      table.remove(*row);
      model.erase(number);
    } else {
      table.log(*row);
      model[number] = table.sequence();
      places.push_back(table.log_end());
    }
    REQUIRE(table.size() == model.size());
    if (step % 50 != 0) continue;
    const LogPlace place = places[random.below(static_cast<std::uint32_t>(places.size()))];
    std::map<std::uint64_t, std::uint32_t> expected;
    for (const auto& [known, sequence] : model) {
      if (sequence > place.sequence) expected[sequence] = known;
    }
    std::vector<std::uint32_t> in_order;
    for (const auto& [sequence, known] : expected) in_order.push_back(known);
    REQUIRE(heard_after(table, place) == in_order);
  }
}

TEST_CASE("a log that is forgotten begins anew with the rows that stay") {
  BeatTable table(0);
  BeatRow& row = table.add(id_of(1));
  table.log(row);
  table.forget_log();
  CHECK(heard_after(table, {}).empty());
  table.log(row);
  CHECK(table.sequence() == 1);
  CHECK(heard_after(table, {}) == std::vector<std::uint32_t>{1});
}

}  // namespace
}  // namespace rollcall::cluster
