// Serials of a cluster: given, the same on every node, and never more than the zone has.
#include <map>
#include <string>
#include <vector>

#include "answer/transfer/file_serials.h"
#include "answer/transfer/transfers.h"
#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;

constexpr registry::ZoneId k_given_zone{0};
constexpr registry::ZoneId k_lab_zone{1};

// The count of changes that etcd has, and a zone whose file begins at 1.
struct GivenWorld : private registry::Audience {
  explicit GivenWorld(std::optional<dns::Serial> first = 100) {
    if (first) serials[k_given_zone] = *first;
    transfers.take_serials_from([this](registry::ZoneId zone) -> std::optional<dns::Serial> {
      const auto known = serials.find(zone);
      return known == serials.end() ? std::nullopt : std::optional(known->second);
    });
    tick();
  }
  void publish(const registry::Service& service) override {
    roster.publish(service);
    transfers.publish(service);
  }
  void withdraw(const registry::ServiceRef& service) override {
    roster.withdraw(service);
    transfers.withdraw(service);
  }
  void add(const Entry& entry) {
    const registry::Change change = registry::Register{registration_of(entry)};
    REQUIRE(registry.apply(std::span(&change, 1), clock, wall).front());
  }
  void move_to(dns::Serial serial) {
    serials[k_given_zone] = serial;
    transfers.serial_moved(k_given_zone);
  }
  std::vector<registry::ZoneId> tick() {
    return transfers.tick(registry, [this](const auto&) { return ++kept > 0; });
  }
  [[nodiscard]] std::size_t parts() const { return transfers.zone(k_given_zone).axfr().size(); }

  std::map<registry::ZoneId, dns::Serial> serials;
  int kept = 0;
  registry::testing::MemoryJournal journal;
  Zones zones{make_zones(k_zone_text, {})};
  Roster roster{zones, [](const registry::ServiceRef&) { return AnswerPolicy{}; }};
  Transfers transfers{zones,
                      [](const registry::ServiceRef&) { return AnswerPolicy{}; },
                      {{.to = {*IpPrefix::parse("192.0.2.0/24")}, .key = {}}},
                      1 << 20};
  registry::ManualClock clock;
  registry::WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  registry::Registry registry{journal, *this, zones, 1h};
};

TEST_CASE("a zone shows the serial it is given, and nothing is kept") {
  GivenWorld world;
  CHECK(world.zones.serial(k_given_zone) == 100);
  CHECK(world.zones.serial(k_lab_zone) == 1);  // not known: the file's
  world.add({});
  world.move_to(103);
  CHECK(world.tick() == std::vector{k_given_zone});
  CHECK(world.zones.serial(k_given_zone) == 103);
  CHECK(world.kept == 0);
}

TEST_CASE("a zone is transferred as it was until its serial moves") {
  GivenWorld world;
  const std::size_t before = world.parts();
  world.add({});
  CHECK(world.tick().empty());
  CHECK(world.parts() == before);
  CHECK(world.zones.serial(k_given_zone) == 100);
  world.move_to(101);
  CHECK(world.tick() == std::vector{k_given_zone});
  CHECK(world.parts() == before + 1);
  CHECK(world.transfers.zone(k_given_zone).ixfr(100).size() == 6);  // a step: SOAs, removed, added
}

TEST_CASE("a serial that is not known leaves the zone as it is") {
  GivenWorld world(std::nullopt);
  CHECK(world.zones.serial(k_given_zone) == 1);
  world.add({});
  CHECK(world.tick().empty());
  CHECK(world.zones.serial(k_given_zone) == 1);
  world.move_to(7);
  CHECK(world.tick() == std::vector{k_given_zone});
  CHECK(world.zones.serial(k_given_zone) == 7);
}

TEST_CASE("a given serial goes round, and over a step back secondaries get the whole zone") {  // RFC 1982
  GivenWorld world(0xffff'ffff);
  world.add({});
  world.move_to(2);
  CHECK(world.tick().size() == 1);
  CHECK(world.transfers.zone(k_given_zone).ixfr(0xffff'ffff).size() == 6);
  world.add({.id = "i-2", .addresses = {"192.0.2.2"}});
  world.move_to(1);  // the store was restored
  CHECK(world.tick().size() == 1);
  CHECK(world.zones.serial(k_given_zone) == 1);
  world.add({.id = "i-3", .addresses = {"192.0.2.3"}});
  world.move_to(3);
  CHECK(world.tick().size() == 1);
  CHECK(world.transfers.zone(k_given_zone).ixfr(2).size() == world.parts());
  CHECK(world.transfers.zone(k_given_zone).ixfr(1).size() == 6);
}

TEST_CASE("changes that come after the serial was read are in the zone with the next") {
  GivenWorld world;
  bool adds = true;
  world.transfers.take_serials_from([&](registry::ZoneId zone) {
    if (zone == k_given_zone && std::exchange(adds, false)) {
      world.add({});
      world.move_to(102);
      return dns::Serial{101};
    }
    return world.serials[zone];
  });
  world.transfers.serial_moved(k_given_zone);
  const std::size_t before = world.parts();
  CHECK(world.tick().size() == 1);
  CHECK(world.zones.serial(k_given_zone) == 101);
  CHECK(world.parts() == before + 1);  // more than 101 stands for, never less
  CHECK(world.tick().size() == 1);
  CHECK(world.zones.serial(k_given_zone) == 102);
}

TEST_CASE("in a cluster a zone file that changes needs a newer serial") {
  const auto check_reload = [](std::string_view present, std::string_view wanted) {
    const Zones zones(make_zones(present, {}));
    const rcu::ReadLock lock;
    const Result<void> checked = check_file_serials(zones.table(), make_zones(wanted, {}));
    return checked ? std::string() : checked.error().message;
  };
  const std::string more = std::string(k_zone_text) + "new IN A 192.0.2.54\n";
  const auto with_serial = [](std::string text, const std::string& serial) {
    return text.replace(text.find("hostmaster 1 "), 13, "hostmaster " + serial + " ");
  };
  CHECK(check_reload(k_zone_text, k_zone_text).empty());
  CHECK(check_reload(k_zone_text, more) ==
        "the zone file of svc.internal has changed, and its serial 1 has not: in a cluster each change needs a newer "
        "serial in the file");
  CHECK(check_reload(k_zone_text, with_serial(more, "2")).empty());
  CHECK(check_reload(with_serial(more, "5"), with_serial(more, "4")) ==
        "the serial 4 in the zone file of svc.internal is older than 5, which the nodes of the cluster have shown: "
        "choose a newer one");
  CHECK(check_reload(with_serial(more, "4294967295"), with_serial(more, "3")).empty());
  std::string other_soa(k_zone_text);
  other_soa.replace(other_soa.find("10 5 1h 1"), 9, "20 5 1h 1");
  CHECK_FALSE(check_reload(k_zone_text, other_soa).empty());
}

}  // namespace
}  // namespace rollcall::answer
