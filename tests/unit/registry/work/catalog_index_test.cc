// What moves the indexes of lists, and what does not.
#include "registry/work/catalog_index.h"

#include "catch.h"
#include "registry/ports/audiences.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

// Attributes are the node's name here, and behind a slash the service's.
CatalogFace face_of(const Instance& instance) {
  const std::string text(instance.attributes());
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return {text, {}};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

struct Catalog {
  MemoryJournal journal;
  Waiters waiters;
  CatalogIndex index{waiters, 2, &face_of};
  Audiences audiences{{&waiters, &index}};
  TwoZones zones;
  ManualClock clock;
  WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  Registry registry{journal, audiences, zones, 1h};

  void apply(const Change& change) { REQUIRE(registry.apply(std::span(&change, 1), clock, wall).front().has_value()); }
  void put(std::string id, const std::function<void(Registration&)>& edit = {}, std::string service = "web") {
    Registration made = registration(std::move(service), std::move(id));
    made.door = Door::consul;
    made.lease = LeaseKind::none;
    made.ttl = {};
    if (edit) edit(made);
    apply(Register{std::move(made)});
  }
  [[nodiscard]] ChangeIndex last() const { return registry.counts().index; }
};

std::function<void(Registration&)> on_node(std::string node) {
  return [node](Registration& made) { made.attributes = node; };
}

TEST_CASE("a new instance moves names and everything of its zone, and no other zone's") {
  Catalog world;
  world.index.begin(10);
  const ChangeIndex elsewhere = world.index.everything(k_lab);
  world.put("a");
  CHECK(world.index.names(k_svc) == world.index.everything(k_svc));
  CHECK(world.index.names(k_svc) > 10);
  CHECK(world.index.everything(k_lab) == elsewhere);
}

TEST_CASE("checks, drains and addresses move everything, and no names") {
  Catalog world;
  world.put("a");
  const ChangeIndex names = world.index.names(k_svc);
  const auto moves_everything = [&](const Change& change) {
    const ChangeIndex before = world.index.everything(k_svc);
    world.apply(change);
    CHECK(world.index.names(k_svc) == names);
    CHECK(world.index.everything(k_svc) == world.last());
    return world.index.everything(k_svc) > before;
  };
  CHECK(moves_everything(SetCheck{k_a, {.id = "c", .name = "c", .kind = health::CheckKind::told}, true}));
  CHECK(moves_everything(
      SetCheck{k_a, {.id = "c", .kind = health::CheckKind::told, .status = health::CheckStatus::critical}}));
  CHECK(moves_everything(SetDraining{k_a}));
  Registration moved = registration("web", "a");
  moved.door = Door::consul;
  moved.lease = LeaseKind::none;
  moved.ttl = {};
  moved.addresses = {*IpAddress::parse("192.0.2.77")};
  CHECK(moves_everything(Register{moved}));
}

TEST_CASE("tags, the spelling of a name, and an instance that goes move names") {
  Catalog world;
  world.put("a");
  ChangeIndex names = world.index.names(k_svc);
  const auto has_moved = [&] { return std::exchange(names, world.index.names(k_svc)) < names; };
  world.put("a", [](Registration& made) { made.tags = {"v1"}; });
  CHECK(has_moved());
  world.put("a", [](Registration& made) {
    made.tags = {"v1"};
    made.attributes = "/Web";
  });
  CHECK(has_moved());
  world.put("b");
  CHECK(has_moved());
  world.apply(removing("web", "b"));
  CHECK(has_moved());
  world.put("a", [](Registration& made) {
    made.tags = {"v1"};
    made.attributes = "/Web";
  });
  CHECK_FALSE(has_moved());  // the same again
}

TEST_CASE("a service that is shown again as it was moves nothing") {
  Catalog world;
  world.put("a");
  const ChangeIndex names = world.index.names(k_svc);
  const ChangeIndex everything = world.index.everything(k_svc);
  {
    const rcu::ReadLock lock;
    world.index.publish(*world.registry.find_service({k_svc, "web"}));
  }
  CHECK(world.index.names(k_svc) == names);
  CHECK(world.index.everything(k_svc) == everything);
}

TEST_CASE("a node's index moves with its own instances alone") {
  Catalog world;
  world.put("a", on_node("n1"));
  world.put("b", on_node("n2"));
  world.put("c");
  const ChangeIndex n1 = world.index.node(k_svc, "n1");
  const ChangeIndex n2 = world.index.node(k_svc, "n2");
  const ChangeIndex own = world.index.node(k_svc, "");
  CHECK(n1 < n2);
  CHECK(n2 < own);
  world.apply(SetDraining{key("web", "b")});
  CHECK(world.index.node(k_svc, "n1") == n1);
  CHECK(world.index.node(k_svc, "n2") == world.last());
  CHECK(world.index.node(k_svc, "") == own);
  world.apply(removing("web", "a"));
  CHECK(world.index.node(k_svc, "n1") == world.last());  // whoever knew it is told
  CHECK(world.index.node(k_svc, "") == own);
}

TEST_CASE("whoever waits for a list is woken by what moves it, and by nothing else") {
  Catalog world;
  world.put("a", on_node("n1"));
  const auto names = world.index.await_names(k_svc, world.index.names(k_svc));
  const auto everything = world.index.await_everything(k_svc, world.index.everything(k_svc));
  const auto node = world.index.await_node(k_svc, "n1", world.index.node(k_svc, "n1"));
  std::string woken;
  const auto wake = [&](char who) { return [&woken, who] { woken += who; }; };
  const auto seat_n = names->take_seat(wake('n'));
  const auto seat_e = everything->take_seat(wake('e'));
  const auto seat_h = node->take_seat(wake('h'));
  CHECK_FALSE((names->is_over() || everything->is_over() || node->is_over()));
  world.apply(SetDraining{k_a});
  CHECK(woken == "eh");
  CHECK((!names->is_over() && everything->is_over() && node->is_over()));
  world.put("x", {}, "db");
  CHECK(woken == "ehn");
  CHECK(names->is_over());
}

TEST_CASE("a start begins at the index of the roll, and never below an index that was given out") {
  Catalog world;
  world.put("a");
  world.index.begin(world.last() + 100);
  CHECK(world.index.names(k_svc) == world.last() + 100);
  CHECK(world.index.everything(k_lab) == world.last() + 100);
  CHECK(world.index.missing_since(k_svc) == world.last() + 100);
}

TEST_CASE("a service that is forgotten leaves a mark above every index it had") {
  Catalog world;
  world.put("a");
  world.apply(removing("web", "a"));
  const ChangeIndex emptied = world.last();
  CHECK(world.index.missing_since(k_svc) < emptied);
  world.index.withdraw({k_svc, "web"});
  CHECK(world.index.missing_since(k_svc) >= emptied);
}

TEST_CASE("a service that is withdrawn with its instances moves names") {
  Catalog world;
  world.put("a");
  const ChangeIndex names = world.index.names(k_svc);
  world.index.withdraw({k_svc, "web"});
  CHECK(world.index.names(k_svc) > names);
  const ChangeIndex after = world.index.names(k_svc);
  world.put("x", {}, "db");
  CHECK(world.index.names(k_svc) > after);
}

}  // namespace
}  // namespace rollcall::registry::testing
