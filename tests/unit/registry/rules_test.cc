// One set of rules for all ways onto the roll: what a name may be, and who was there first.
#include "registry/rules.h"

#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

Registration tagged(std::string id, std::vector<std::string> tags) {
  Registration made = registration("web", std::move(id));
  made.tags = std::move(tags);
  return made;
}
Change adding_tagged(std::string id, std::vector<std::string> tags) {
  return Register{tagged(std::move(id), std::move(tags))};
}

void is_refused(const Outcome& outcome, std::string_view field, std::string_view names) {
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == Errc::conflict);
  CHECK(outcome.error().field == field);
  CAPTURE(outcome.error().message);
  CHECK(outcome.error().message.find(names) != std::string::npos);
}

TEST_CASE("a tag and an id of one label were one name, and the id hid the instances with the tag") {
  World world;
  SECTION("the id came first") {
    CHECK(world.apply(adding_tagged("blue", {})));
    is_refused(world.apply(adding_tagged("i-1", {"blue"})), "tags", "\"blue\" is the label of the instance \"blue\"");
    CHECK(world.ids("web") == Ids{"blue"});
  }
  SECTION("the id came first, in capitals") {
    CHECK(world.apply(adding_tagged("Blue", {})));
    is_refused(world.apply(adding_tagged("i-1", {"blue"})), "tags", "\"Blue\"");
  }
  SECTION("the tag came first") {
    CHECK(world.apply(adding_tagged("i-1", {"blue"})));
    is_refused(world.apply(adding_tagged("BLUE", {})), "id", "BLUE, is a tag");
    CHECK(world.ids("web") == Ids{"i-1"});
  }
  SECTION("the tag came with an update") {
    CHECK(world.apply(adding_tagged("blue", {})));
    CHECK(world.apply(adding_tagged("i-1", {})));
    is_refused(world.apply(adding_tagged("i-1", {"blue"})), "tags", "\"blue\"");
    CHECK(world.registry.find_instance(key("web", "i-1").ref())->registration().tags.empty());
  }
  SECTION("both in one batch") {
    const auto outcomes = world.apply({adding_tagged("i-1", {"blue"}), adding_tagged("blue", {}),
                                       adding_tagged("green", {}), adding_tagged("i-2", {"green"})});
    CHECK(outcomes[0]);
    is_refused(outcomes[1], "id", "blue");
    CHECK(outcomes[2]);
    is_refused(outcomes[3], "tags", "green");
  }
  SECTION("both by one instance") { is_refused(world.apply(adding_tagged("blue", {"blue"})), "tags", "own label"); }
  SECTION("by a row that somebody edits") {
    CHECK(world.apply(adding_tagged("blue", {})));
    is_refused(world.apply(Edit{tagged("i-1", {"blue"}), {}}), "tags", "\"blue\"");
  }
  SECTION("a derived label is one too") {
    CHECK(world.apply(adding_tagged("node.1", {})));
    is_refused(world.apply(adding_tagged("i-1", {label_of("node.1")})), "tags", "\"node.1\"");
  }
  SECTION("in another service neither is in the other's way") {
    CHECK(world.apply(adding_tagged("i-1", {"blue"})));
    CHECK(world.add("db", "blue"));
  }
}

TEST_CASE("a label is free again when the last one who has it has gone") {
  World world;
  CHECK(world.apply(adding_tagged("i-1", {"blue"})));
  CHECK(world.apply(adding_tagged("i-2", {"blue"})));
  SECTION("deregistered") {
    const auto outcomes = world.apply({removing("web", "i-1"), adding_tagged("blue", {}), removing("web", "i-2"),
                                       adding_tagged("blue", {}), adding_tagged("i-3", {"blue"})});
    is_refused(outcomes[1], "id", "blue");
    CHECK(outcomes[3]);
    is_refused(outcomes[4], "tags", "blue");
    CHECK(world.ids("web") == Ids{"blue"});
  }
  SECTION("updated") {
    const auto outcomes =
        world.apply({adding_tagged("i-1", {}), adding_tagged("blue", {}), adding_tagged("i-2", {"red"}),
                     adding_tagged("blue", {}), adding_tagged("red", {})});
    is_refused(outcomes[1], "id", "blue");
    CHECK(outcomes[3]);
    is_refused(outcomes[4], "id", "red");
    is_refused(world.add("web", "red"), "id", "red");
    CHECK(world.apply(adding_tagged("i-2", {})));
    CHECK(world.add("web", "red"));
  }
  SECTION("or its lease has ended") {
    world.pass(15s);
    CHECK(world.apply(adding_tagged("blue", {})));
  }
  SECTION("but not when nothing of it was stored") {
    world.journal.fails_with = Errc::store_failed;
    CHECK_FALSE(world.apply({removing("web", "i-1"), removing("web", "i-2")})[1]);
    world.journal.fails_with.reset();
    is_refused(world.add("web", "blue"), "id", "blue");
  }
}

TEST_CASE("two ids with one derived label shared a name") {
  // The hash in a derived label has 32 bits: these were found in a second.
  const std::string first = "web.::=_::1";
  const std::string second = "web+=.:=:_1";
  REQUIRE(label_of(first) == label_of(second));
  World world;
  CHECK(world.add("web", first));
  is_refused(world.add("web", second), "id", first);
  is_refused(world.apply(Edit{registration("web", second), {}}), "id", first);
  CHECK(world.add("db", second));
  const auto outcomes = world.apply({removing("web", first), adding("web", second), adding("web", first)});
  CHECK(outcomes[1]);
  is_refused(outcomes[2], "id", second);
}

TEST_CASE("a service named like a label of DNS-SD's own would have its names") {
  World world;
  for (const char* name : {"dns-sd", "services", "sub", "tcp", "udp"}) {
    is_refused(world.add(name, "i-1"), "service", "_" + std::string(name));
  }
  CHECK(world.add("dns", "b"));
  CHECK(world.journal.records == 1);
}

std::vector<std::string> names_of(const std::vector<Refused>& refused) {
  std::vector<std::string> names;
  for (const Refused& each : refused) names.push_back(each.key.service.name + "/" + each.key.id + ": " + each.sentence);
  return names;
}

InstanceRecord stored(const Registration& registration, ChangeIndex index, std::int64_t edit = 0) {
  return {.registration = registration, .standing = {}, .index = index, .registered_at = {}, .edit = edit};
}

TEST_CASE("a start put on the roll what a registration would have been refused") {
  World world;
  world.zones.taken.insert("taken.web");
  Restored part;
  part.services = {{key("web", "").service, 3, 1, std::nullopt}, {key("www", "").service, 0, 0, std::nullopt}};
  part.instances = {stored(tagged("a", {"m"}), 9, 2),  // edited after b
                    stored(tagged("b", {"x"}), 9, 1),
                    stored(tagged("c", {}), 0),  // never seen before, by a server that kept no notes
                    stored(tagged("C", {}), 5),
                    stored(tagged("m", {}), 7),
                    stored(tagged("taken", {}), 7),
                    stored(tagged("x", {}), 0, 3),
                    stored(registration("www", "i-1"), 0)};
  const auto refused = names_of(world.registry.restore(std::move(part), world.clock.now(), world.wall));
  CHECK(world.ids("web") == Ids{"C", "b", "m"});
  REQUIRE(refused.size() == 5);
  CHECK(refused[0].starts_with("web/taken: the zone file has the name taken.web.svc.internal"));
  CHECK(refused[1].starts_with("web/c: the id differs only in case from the registered \"C\""));
  CHECK(refused[2].starts_with("web/a: the tag \"m\" is the label of the instance \"m\""));
  CHECK(refused[3].starts_with("web/x: the id's label, x, is a tag"));
  CHECK(refused[4].starts_with("www/i-1: the zone file has the name www.svc.internal"));
  CHECK(world.registry.find_service({k_svc, "www"}) == nullptr);
  CHECK(world.registry.counts().instances == 3);
}

TEST_CASE("a service longer than a label aborted each start: it is on the roll, as other doors take such names") {
  World world;
  Restored part;
  part.services = {{key(std::string(250, 's'), "").service, 0, 0, std::nullopt}};
  CHECK(world.registry.restore(std::move(part), world.clock.now(), world.wall).empty());
  CHECK(world.registry.counts().services == 1);
}

TEST_CASE("names that are taken are refused to the native API alone") {
  World world;
  world.zones.taken.insert("www");
  is_refused(world.add("www", "a"), "service", "www.svc.internal");
  registry::Registration free = registration("www", "a");
  free.door = Door::consul;
  free.tags = {"a"};
  CHECK(world.apply(Register{free}));
  free.key.id = "A";
  CHECK(world.apply(Register{free}));
  CHECK(world.registry.set_aside_refused(world.clock.now(), world.wall).empty());
}

TEST_CASE("zones that are replaced take their names from the roll, and the rows stay") {
  World world;
  CHECK(world.apply(adding_tagged("a", {"blue"})));
  CHECK(world.apply(adding_tagged("b", {})));
  CHECK(world.add("db", "a"));
  CHECK(world.registry.set_aside_refused(world.clock.now(), world.wall).empty());
  SECTION("a whole service") {
    world.zones.taken.insert("web");
    const auto left = names_of(world.registry.set_aside_refused(world.clock.now(), world.wall));
    REQUIRE(left.size() == 2);
    CHECK(left[0].starts_with("web/a: the zone file has the name web.svc.internal"));
    CHECK(world.registry.find_service({k_svc, "web"}) == nullptr);
    CHECK_FALSE(world.renew(key("web", "a")));
    CHECK(world.registry.counts().instances == 1);
    CHECK(world.audience.lines.back() == "web is forgotten");
    is_refused(world.add("web", "c"), "service", "web.svc.internal");
    world.journal.fails_with = Errc::store_failed;
    CHECK_FALSE(world.registry.record_pending());
    CHECK(world.registry.has_unrecorded_rows());
    world.journal.fails_with.reset();
    CHECK(world.registry.record_pending());
    CHECK(world.journal.set_aside == std::vector<std::string>{"web/a", "web/b"});
    CHECK(world.journal.ids("web") == Ids{"a", "b"});
    CHECK(
        world.sink.lines.back().starts_with("#5 web/b deregistered: name taken by a zone (the zone file has the name"));
    world.pass(20s);
    world.sweep();
    world.zones.taken.erase("web");
    CHECK(world.add("web", "a")->created);
  }
  SECTION("an instance") {
    world.zones.taken.insert("b.web");
    CHECK(world.registry.set_aside_refused(world.clock.now(), world.wall).size() == 1);
    CHECK(world.ids("web") == Ids{"a"});
    CHECK(world.registry.record_pending());
    CHECK(world.journal.ids("web") == Ids{"a", "b"});
  }
  SECTION("a tag") {
    world.zones.taken.insert("blue.web");
    CHECK(world.registry.set_aside_refused(world.clock.now(), world.wall).size() == 1);
    CHECK(world.ids("web") == Ids{"b"});
    is_refused(world.apply(adding_tagged("b", {"blue"})), "tags", "blue.web.svc.internal");
    CHECK(world.add("web", "blue").error().field == "id");
  }
  SECTION("a service without anybody") {
    CHECK(world.remove("db", "a"));
    world.zones.taken.insert("db");
    CHECK(world.registry.set_aside_refused(world.clock.now(), world.wall).empty());
    CHECK(world.registry.find_service({k_svc, "db"}) == nullptr);
    world.pass(2h);
    world.sweep();  // it is not forgotten a second time
  }
}

TEST_CASE("many labels of many services come and go, and each is free exactly when nobody has it") {
  Labels labels;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Instance>> held;
  std::uint64_t state = 1;
  const auto below = [&](std::uint64_t bound) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % bound;
  };
  for (int step = 0; step < 20'000; ++step) {
    const std::string service = "s" + std::to_string(below(5));
    const std::string id = "i" + std::to_string(below(200));
    const auto at = held.find({service, id});
    if (at != held.end()) {
      labels.remove(*at->second);
      held.erase(at);
    } else {
      Registration asked = registration(service, id);
      asked.tags = {"t" + std::to_string(below(3))};
      auto made = Instance::make(asked, {}, 1, {}, {});
      labels.add(*made);
      held.emplace(std::pair(service, id), std::move(made));
    }
    const bool is_held = held.contains({service, id});
    if ((labels.find({k_svc, service}, id) != nullptr) != is_held) FAIL(service << "/" << id << " at step " << step);
  }
  for (int s = 0; s < 5; ++s) {
    for (int t = 0; t < 3; ++t) {
      const std::string service = "s" + std::to_string(s);
      const std::string tag = "t" + std::to_string(t);
      const auto has_it = [&](const auto& each) {
        return each.first.first == service && *each.second->tags().begin() == tag;
      };
      CHECK(labels.count_tag({k_svc, service}, tag) == static_cast<std::size_t>(std::ranges::count_if(held, has_it)));
    }
  }
}

}  // namespace
}  // namespace rollcall::registry
