// The service types of a zone: who is listed, in which order, until when, and what a walk costs.
#include "answer/roster/service_types.h"

#include <algorithm>
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
using dns::Type;

constexpr const char* k_types = "_services._dns-sd._udp.svc.internal";

std::string name_of(std::size_t number) { return "s" + std::to_string(number); }

std::vector<Entry> services(std::size_t count, std::chrono::milliseconds ttl = 60s) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < count; ++i) entries.push_back({.service = name_of(i), .ttl = ttl});
  return entries;
}

std::vector<std::string> listed(const World& world) {
  std::vector<std::string> names;
  const rcu::ReadLock lock;
  world.roster.types(registry::ZoneId{0}).for_each_until([&](const ServiceAnswers& answers) {
    names.emplace_back(answers.key().name);
    return true;
  });
  return names;
}

TEST_CASE("a type is listed while the service has a ready instance, through hundreds that come and go") {
  constexpr std::uint64_t k_seed = 20'261'130;
  INFO("seed " << k_seed);
  World world;
  Random random(k_seed);
  std::map<std::string, bool> is_ready;
  for (int round = 0; round < 30; ++round) {
    std::vector<Entry> come;
    for (int i = 0; i < 60; ++i) come.push_back({.service = name_of(random.below(500)), .ttl = 1h});
    world.add_all(come);
    for (const Entry& entry : come) is_ready[entry.service] = true;
    for (auto& [name, ready] : is_ready) {
      if (!ready || random.below(3) != 0) continue;
      world.remove(name, "i-1");
      ready = false;
    }
    Records expected;
    for (const auto& [name, ready] : is_ready) {
      if (ready) expected.push_back(name);
    }
    std::vector<std::string> found = listed(world);
    CHECK(found == listed(world));
    CHECK(world.roster.types(registry::ZoneId{0}).size() == expected.size());
    CHECK(sorted(std::move(found)) == sorted(std::move(expected)));
  }
}

TEST_CASE("a change of a service leaves the others where they are in the list") {
  World world;
  world.add_all(services(200));
  std::vector<std::string> before = listed(world);
  world.add({.service = "s7", .weight = 9});
  CHECK(listed(world) == before);
  world.remove("s7", "i-1");
  std::erase(before, "s7");
  CHECK(listed(world) == before);
}

TEST_CASE("a reader sees everybody who stays once, while others come and go beside them") {
  World world;
  world.add_all(services(100, 1h));
  std::atomic<bool> is_done{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    const rcu::Thread registered;
    while (!is_done.load()) {
      std::map<std::string, int> seen;
      for (const std::string& name : listed(world)) ++seen[name];
      for (int i = 0; i < 100; i += 9) {
        if (seen[name_of(static_cast<std::size_t>(i))] != 1) ++wrong;
      }
    }
  });
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 100; ++i) {
      if (i % 9 != 0) world.remove(name_of(static_cast<std::size_t>(i)), "i-1");
    }
    world.add_all(services(100, 1h));
  }
  is_done = true;
  reader.join();
  CHECK(wrong.load() == 0);
}

// --- TTL ---

TEST_CASE("types live no longer than the last lease of one of the services that have them") {
  World world({.ttl_seconds = 30});
  world.add_all({{.service = "web", .id = "i-1", .ttl = 10s},
                 {.service = "web", .id = "i-2", .ttl = 25s},
                 {.service = "db", .ttl = 60s}});
  CHECK(ttl_of(world.ask(k_types, Type::ptr).answer) == 25);
  world.pass(10s);  // the type is there by the other instance
  CHECK(ttl_of(world.ask(k_types, Type::ptr).answer) == 15);
  world.renew("web", "i-2");
  CHECK(ttl_of(world.ask(k_types, Type::ptr).answer) == 25);
  world.pass(25s);  // nobody of web is left, and nobody has swept
  CHECK(rdata_ends(world.ask(k_types, Type::ptr).answer) == Records{"_db._tcp.svc.internal."});
  CHECK(ttl_of(world.ask(k_types, Type::ptr).answer) == 25);
}

TEST_CASE("each protocol of a service has its own lease in the list of types") {
  World world({.ttl_seconds = 30});
  world.add_all({{.id = "t-1", .ttl = 60s}, {.id = "u-1", .ttl = 10s, .protocol = registry::Protocol::udp}});
  CHECK(ttl_of(world.ask(k_types, Type::ptr).answer) == 10);
  world.pass(10s);
  CHECK(rdata_ends(world.ask(k_types, Type::ptr).answer) == Records{"_web._tcp.svc.internal."});
  CHECK(ttl_of(world.ask(k_types, Type::ptr).answer) == 30);
}

TEST_CASE("of a service with more leases than are read for one record, the TTL is never too long") {
  World world({.ttl_seconds = 30});
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < limits::k_outlook_leases_max; ++i) {
    entries.push_back({.id = "a" + std::to_string(i), .ttl = 10s});
  }
  entries.push_back({.id = "z", .ttl = 60s});
  world.add_all(entries);
  CHECK(ttl_of(world.ask(k_types, Type::ptr).answer) == 10);
  world.pass(10s);
  CHECK(ttl_of(world.ask(k_types, Type::ptr).answer) == 0);  // the last lease has not been read: it is there
  CHECK(rdata_ends(world.ask(k_types, Type::ptr).answer) == Records{"_web._tcp.svc.internal."});
}

// --- Cost ---

TEST_CASE("a reply that is full ends the walk through the types") {
  World world;
  world.add_all(services(3'000));
  const Answered datagram = world.ask(k_types, Type::ptr);
  CHECK(datagram.truncated);
  CHECK(datagram.answer.size() > 20);
  CHECK(datagram.size <= limits::k_udp_payload_min);
  CHECK(sorted(rdata_ends(datagram.answer)) == sorted(rdata_ends(world.ask(k_types, Type::ptr).answer)));
  CHECK_FALSE(world.ask_tcp(k_types, Type::ptr).truncated);
  CHECK(world.ask_tcp(k_types, Type::ptr).answer.size() == 3'000);
}

TEST_CASE("no answer comes by more services than a message could hold, those that have ended included") {
  const bool is_within = GENERATE(true, false);
  World world;
  world.add_all(services(limits::k_ptr_visits_max - (is_within ? 1U : 0U), 1s));
  world.add({.service = "last", .ttl = 60s});
  world.pass(1s);  // all but the last one have ended, and nobody has swept
  const Answered found = world.ask(k_types, Type::ptr);
  CHECK(found.truncated != is_within);
  CHECK(rdata_ends(found.answer) == (is_within ? Records{"_last._tcp.svc.internal."} : Records{}));
  world.registry.sweep(world.clock.now(), world.wall);
  CHECK(rdata_ends(world.ask(k_types, Type::ptr).answer) == Records{"_last._tcp.svc.internal."});
}

}  // namespace
}  // namespace rollcall::answer
