// Services come and go by the thousand: whoever is there is found, by readers too who look on meanwhile.
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;

bool is_found(const Roster& roster, const std::string& service) {
  const rcu::ReadLock lock;
  const ServiceAnswers* answers = roster.find_service({registry::ZoneId{0}, service}, std::nullopt);
  return answers != nullptr && answers->key().name == service;
}

std::string name_of(std::uint32_t number) { return "s" + std::to_string(number); }

TEST_CASE("the index finds what has been published and not withdrawn, through growth and gaps") {
  constexpr std::uint64_t k_growth_seed = 20'261'121;
  World world;
  INFO("seed " << k_growth_seed);
  Random random(k_growth_seed);
  std::map<std::string, bool> has;
  for (int round = 0; round < 40; ++round) {
    std::vector<Entry> entries;
    for (int i = 0; i < 120; ++i) entries.push_back({.service = name_of(random.below(3000)), .ttl = 1s});
    if (round % 10 < 7) {
      world.add_all(entries);
      for (const Entry& entry : entries) has[entry.service] = true;
    } else {  // instances end, and after an hour their services are forgotten
      world.pass(2h);
      world.registry.sweep(world.clock.now(), world.wall);
      world.pass(2h);
      world.wall += 2h;
      world.registry.sweep(world.clock.now(), world.wall);
      for (auto& [name, is_there] : has) is_there = false;
    }
    for (std::uint32_t i = 0; i < 3000; i += 7) {
      CHECK(is_found(world.roster, name_of(i)) == has[name_of(i)]);
    }
  }
}

TEST_CASE("a reader always finds who is there, while the table grows beside it") {
  World world;
  world.add({.service = "constant"});
  std::atomic<bool> is_done{false};
  std::atomic<int> missed{0};
  std::thread reader([&] {
    const rcu::Thread registered;
    while (!is_done.load()) {
      if (!is_found(world.roster, "constant")) ++missed;
    }
  });
  for (std::uint32_t i = 0; i < 20; ++i) {
    std::vector<Entry> entries;
    for (std::uint32_t k = 0; k < 200; ++k) entries.push_back({.service = name_of(i * 200 + k)});
    world.add_all(entries);
    world.add({.service = "constant", .port = static_cast<std::uint16_t>(9000 + i)});
  }
  is_done = true;
  reader.join();
  CHECK(missed == 0);
}

}  // namespace
}  // namespace rollcall::answer
