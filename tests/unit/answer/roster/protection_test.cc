// A service with too few ready instances answers the critical ones too, for a while.
#include <string>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;

AnswerPolicy half_for_a_minute() { return {.protect_permille = 500, .protect_for = 60s}; }

struct Shop {
  World world{half_for_a_minute()};

  Shop() {
    for (int i = 1; i <= 4; ++i) {
      const std::string number = std::to_string(i);
      world.add({.id = "i-" + number, .addresses = {"192.0.2." + number}, .ttl = 1h});
    }
  }
  void set_critical(int first, int last, bool is_critical = true) {
    for (int i = first; i <= last; ++i) {
      const registry::InstanceKey key{{registry::ZoneId{0}, "web"}, "i-" + std::to_string(i)};
      REQUIRE(world.registry.apply(std::vector<registry::Change>{registry::SetHealth{key, {}, is_critical, "no"}},
                                   world.clock, world.wall)[0]);
    }
  }
  std::size_t answered() { return world.ask("web.svc.internal", dns::Type::a).answer.size(); }
  std::size_t count_protected() {
    const rcu::ReadLock lock;
    return world.roster.count_protected(world.clock.now());
  }
};

TEST_CASE("as long as the share is reached, critical instances are left out") {
  Shop shop;
  shop.set_critical(1, 2);
  CHECK(shop.answered() == 2);
  CHECK(shop.count_protected() == 0);
}

TEST_CASE("below the share, critical instances are answered too, and no longer than the time allowed") {
  Shop shop;
  shop.set_critical(1, 3);
  CHECK(shop.answered() == 4);
  CHECK(shop.count_protected() == 1);
  shop.world.clock.advance(59s);
  CHECK(shop.answered() == 4);
  shop.set_critical(4, 4);  // the time goes on
  shop.world.clock.advance(2s);
  CHECK(shop.answered() == 0);
  CHECK(shop.count_protected() == 0);
}

TEST_CASE("when enough are ready again the protection is over, and may begin anew") {
  Shop shop;
  shop.set_critical(1, 4);
  CHECK(shop.answered() == 4);
  shop.set_critical(1, 2, false);
  CHECK(shop.answered() == 2);
  shop.world.clock.advance(5min);
  shop.set_critical(1, 4);
  CHECK(shop.answered() == 4);
}

TEST_CASE("without a threshold nothing is protected") {
  Shop shop;
  World plain;
  plain.add({.id = "i-1"});
  const registry::InstanceKey key{{registry::ZoneId{0}, "web"}, "i-1"};
  REQUIRE(plain.registry.apply(std::vector<registry::Change>{registry::SetHealth{key, {}, true, "no"}}, plain.clock,
                               plain.wall)[0]);
  CHECK(plain.ask("web.svc.internal", dns::Type::a).answer.empty());
}

}  // namespace
}  // namespace rollcall::answer
