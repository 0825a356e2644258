// A silence of many at once, and how many leases may end in a second of it.
#include <string>

#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

struct Silence : World {
  explicit Silence(ExpiryRule rule) { registry.limit_expiries(rule); }

  void add_many(int count, std::chrono::milliseconds ttl = 15s) {
    for (int i = 0; i < count; ++i) {
      Registration one = registration("web", "i-" + std::to_string(i));
      one.ttl = ttl;
      CHECK(apply(Register{one}));
    }
  }
  // Sweeps as the writer does: whenever it is due, and no sooner. How many leases have ended.
  std::size_t go(LeaseTime::duration time) {
    const LeaseTime until = clock.now() + time;
    std::size_t ended = 0;
    while (true) {
      const std::optional<LeaseTime> wake = registry.next_wake();
      if (!wake || *wake > until) break;
      if (*wake > clock.now()) pass(*wake - clock.now());
      ended += sweep();
    }
    pass(until - clock.now());
    return ended + sweep();
  }
  void renew_first(int count) {
    for (int i = 0; i < count; ++i) CHECK(renew(key("web", "i-" + std::to_string(i))));
  }
};

TEST_CASE("without a limit all leases end at their deadline, however many") {
  Silence world({.per_second = 0});
  world.add_many(100);
  CHECK(world.go(15s - 1ns) == 0);
  CHECK(world.go(1ns) == 100);
  CHECK(world.registry.counts().put_off == 0);
}

TEST_CASE("when everybody falls silent, no more leases than the limit end in any second, and all of them in the end") {
  const auto ttl = GENERATE(1'000ms, 2'000ms, 15'000ms);
  CAPTURE(ttl.count());
  Silence world({.per_second = 10});
  world.add_many(100, ttl);
  CHECK(world.go(ttl - 1ns) == 0);
  std::size_t ended = world.go(1ns);
  CHECK(ended == 10);
  CHECK(world.registry.counts().is_mass_silence);
  CHECK(world.ids("web").size() == 90);
  for (int second = 0; second < 30; ++second) {
    const std::size_t now = world.go(1s);
    CHECK(now <= 10);
    ended += now;
  }
  CHECK(ended == 100);
}

TEST_CASE("an instance that is put off goes on by any heartbeat, and ends when its turn comes without") {
  Silence world({.per_second = 1});
  world.add_many(10);
  CHECK(world.go(15s) == 1);
  const Ids left = world.ids("web");
  REQUIRE(left.size() == 9);
  const InstanceKey beating = key("web", left.back());
  {
    const rcu::ReadLock lock;
    CHECK(world.registry.find_instance(beating.ref())->is_put_off);
  }
  CHECK(world.renew(beating));
  CHECK(world.go(14s) == 8);
  CHECK(world.renew(beating));
  CHECK(world.go(10s) == 0);
  CHECK(world.ids("web") == Ids{left.back()});
  const rcu::ReadLock lock;
  CHECK_FALSE(world.registry.find_instance(beating.ref())->is_put_off);
}

TEST_CASE("as long as no more than the share is silent, the others end on time") {
  Silence world({.per_second = 1, .silent_share = 0.5});
  world.add_many(100);
  CHECK(world.go(10s) == 0);
  SECTION("half of them") {
    world.renew_first(50);
    CHECK(world.go(5s) == 50);
    CHECK_FALSE(world.registry.counts().is_mass_silence);
  }
  SECTION("one more") {
    world.renew_first(49);
    CHECK(world.go(5s) == 1);
    CHECK(world.registry.counts().is_mass_silence);
  }
}

TEST_CASE("what was put off ends at once when the others are heard again") {
  Silence world({.per_second = 1, .silent_share = 0.5});
  world.add_many(100);
  CHECK(world.go(15s) == 1);
  for (const std::string& id : world.ids("web")) {
    if (id != "i-7" && id != "i-8" && id != "i-9") world.renew(key("web", id));
  }
  CHECK(world.go(4s) >= 2);
  CHECK(world.ids("web").size() >= 96);
  CHECK_FALSE(world.registry.counts().is_mass_silence);
}

TEST_CASE("with a limit, too, a single lease ends at its deadline and not before") {
  Silence world({.per_second = 5});
  world.add_many(1);
  CHECK(world.go(15s - 1ns) == 0);
  CHECK(world.go(1ns) == 1);
}

TEST_CASE("with a limit, too, a lease that is renewed at the last moment goes on") {
  Silence world({.per_second = 5});
  world.add_many(1);
  CHECK(world.go(15s - 1ns) == 0);
  world.renew_first(1);
  CHECK(world.go(15s - 2ns) == 0);
  CHECK(world.go(1ms) == 1);
}

}  // namespace
}  // namespace rollcall::registry
