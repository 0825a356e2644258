// Changes of the roll, as one transaction of one service or many.
#include <string>
#include <vector>

#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

TEST_CASE("a new instance is durable, visible, and reported with its lease") {
  World world;
  const Outcome outcome = world.add("web", "i-1");
  REQUIRE(outcome);
  CHECK(outcome->created);
  CHECK(outcome->changed);
  CHECK(outcome->status == Status::ready);
  CHECK(outcome->label == "i-1");
  CHECK(outcome->index == 1);
  CHECK(outcome->expires_at == world.clock.now() + 15s);
  CHECK(world.journal.ids("web") == Ids{"i-1"});
  CHECK(world.audience.lines == Lines{"web #1: i-1"});
  CHECK(world.ids("web") == Ids{"i-1"});
  CHECK(world.registry.counts().instances == 1);
  CHECK(world.registry.counts().services == 1);
  CHECK(world.registry.counts().index == 1);
}

TEST_CASE("a change is durable before it is visible, and visible before it is reported") {
  World world;
  world.journal.on_record = [&](const Transaction& transaction) {
    CHECK(transaction.instances.size() == 1);
    CHECK(world.audience.lines.empty());
    CHECK(world.ids("web").empty());
  };
  world.audience.on_publish = [&] {
    CHECK(world.journal.records == 1);
    CHECK(world.ids("web") == Ids{"i-1"});  // readers of the roll see what the audience is shown
  };
  CHECK(world.add("web", "i-1"));
}

TEST_CASE("the lease begins when the change is durable: a slow disk takes nothing from it") {
  World world;
  world.journal.on_record = [&](const Transaction&) { world.pass(5s); };
  const Outcome outcome = world.add("web", "i-1");
  CHECK(outcome->expires_at == world.clock.now() + 15s);
  CHECK(world.left(key("web", "i-1")) == 15s);
  world.journal.on_record = nullptr;
  world.pass(15s - 1ns);
  CHECK(world.sweep() == 0);
  world.pass(1ns);
  CHECK(world.sweep() == 1);
}

TEST_CASE("a registration that repeats itself renews the lease and writes nothing") {
  World world;
  CHECK(world.add("web", "i-1"));
  world.pass(10s);
  const Outcome again = world.add("web", "i-1");
  REQUIRE(again);
  CHECK_FALSE(again->created);
  CHECK_FALSE(again->changed);
  CHECK(again->index == 1);
  CHECK(again->expires_at == world.clock.now() + 15s);
  CHECK(world.journal.attempts == 1);
  CHECK(world.audience.lines.size() == 1);
}

TEST_CASE("a registration that differs replaces the instance, and keeps since when it has been there") {
  World world;
  CHECK(world.add("web", "i-1"));
  const WallTime first = world.wall;
  world.pass(10s);
  Registration changed = registration("web", "i-1");
  changed.port = 9090;
  changed.ttl = 60s;
  const Outcome outcome = world.apply(Register{changed});
  CHECK_FALSE(outcome->created);
  CHECK(outcome->changed);
  CHECK(outcome->index == 2);
  CHECK(outcome->expires_at == world.clock.now() + 60s);
  const rcu::ReadLock lock;
  const Instance* instance = world.registry.find_instance(changed.key.ref());
  CHECK(instance->registration() == changed);
  CHECK(instance->registered_at == first);
  CHECK(world.journal.instances.at(changed.key).registered_at == first);
  CHECK(world.registry.counts().instances == 1);
}

TEST_CASE("an update may shorten the lease") {
  World world;
  CHECK(world.add("web", "i-1"));
  Registration changed = registration("web", "i-1");
  changed.ttl = 2s;
  CHECK(world.apply(Register{changed}));
  world.pass(2s);
  CHECK(world.sweep() == 1);
}

TEST_CASE("a deregistered instance is gone, and its service stays known") {
  World world;
  CHECK(world.apply({adding("web", "i-1"), adding("web", "i-2")}).size() == 2);
  const Outcome outcome = world.remove("web", "i-1");
  REQUIRE(outcome);
  CHECK(outcome->changed);
  CHECK_FALSE(outcome->created);
  CHECK(outcome->index == 3);
  CHECK(world.ids("web") == Ids{"i-2"});
  CHECK(world.journal.ids("web") == Ids{"i-2"});
  CHECK_FALSE(world.renew(key("web", "i-1")));
  CHECK(world.remove("web", "i-2"));
  CHECK(world.knows("web"));
  CHECK(world.registry.counts().instances == 0);
  CHECK(world.registry.counts().services == 1);
  CHECK(world.journal.services.at({k_svc, "web"}).emptied_at == world.wall);
}

TEST_CASE("what is not on the roll cannot be deregistered") {
  World world;
  CHECK(world.remove("web", "i-1").error().code == Errc::unknown_instance);
  CHECK(world.add("web", "i-1"));
  CHECK(world.remove("web", "I-1").error().code == Errc::unknown_instance);
  CHECK(world.remove("web", "i-2").error().code == Errc::unknown_instance);
  CHECK(world.apply(Deregister{key("web", "i-1", k_lab)}).error().code == Errc::unknown_instance);
  CHECK(world.journal.attempts == 1);
}

TEST_CASE("one batch is one transaction, whatever the services") {
  World world;
  const auto outcomes = world.apply({adding("web", "i-2"), adding("db", "i-1"), adding("web", "i-1")});
  CHECK(world.journal.records == 1);
  CHECK(outcomes[0]->index == 1);
  CHECK(outcomes[1]->index == 2);
  CHECK(outcomes[2]->index == 3);
  // Each service is shown once, with the index of its last change, its instances by id.
  std::ranges::sort(world.audience.lines);
  CHECK(world.audience.lines == Lines{"db #2: i-1", "web #3: i-1 i-2"});
  CHECK(world.journal.index == 3);
}

TEST_CASE("of several changes of one instance in one batch the last one stays") {
  World world;
  Registration other = registration("web", "i-1");
  other.port = 9090;
  SECTION("registered twice") {
    const auto outcomes = world.apply({adding("web", "i-1"), Register{other}});
    CHECK(outcomes[0]->created);
    CHECK_FALSE(outcomes[1]->created);
    CHECK(outcomes[1]->changed);
    CHECK(world.journal.instances.at(other.key).registration == other);
    const rcu::ReadLock lock;
    CHECK(world.registry.find_instance(other.key.ref())->port() == 9090);
  }
  SECTION("registered twice the same") {
    const auto outcomes = world.apply({adding("web", "i-1"), adding("web", "i-1")});
    CHECK(outcomes[0]->created);
    CHECK_FALSE(outcomes[1]->created);
    CHECK_FALSE(outcomes[1]->changed);
    CHECK(outcomes[1]->index == 1);
    CHECK(outcomes[1]->label == "i-1");
    CHECK(outcomes[1]->expires_at == world.clock.now() + 15s);
  }
  SECTION("registered and gone") {
    const auto outcomes = world.apply({adding("web", "i-1"), removing("web", "i-1"), removing("web", "i-1")});
    CHECK(outcomes[0]->created);
    CHECK(outcomes[1]->changed);
    CHECK(outcomes[2].error().code == Errc::unknown_instance);
    CHECK(world.ids("web").empty());
    CHECK(world.knows("web"));
    CHECK(world.journal.ids("web").empty());
    CHECK(world.journal.services.at({k_svc, "web"}).emptied_at == world.wall);
  }
  SECTION("gone and registered again: it is a new one") {
    CHECK(world.add("web", "i-1"));
    world.pass(1s);
    const auto outcomes = world.apply({removing("web", "i-1"), adding("web", "i-1")});
    CHECK(outcomes[0]->changed);
    CHECK(outcomes[1]->created);
    CHECK(world.ids("web") == Ids{"i-1"});
    CHECK(world.journal.ids("web") == Ids{"i-1"});
    CHECK(world.journal.instances.at(other.key).registered_at == world.wall);
    CHECK(world.registry.counts().instances == 1);
    CHECK(world.left(other.key) == 15s);
  }
  SECTION("renewed and gone") {
    CHECK(world.add("web", "i-1"));
    const auto outcomes = world.apply({adding("web", "i-1"), removing("web", "i-1")});
    CHECK_FALSE(outcomes[0]->changed);
    CHECK(outcomes[1]->changed);
    CHECK(world.ids("web").empty());
  }
}

TEST_CASE("changes are counted over all services, and each shows the count of its last one") {
  World world;
  CHECK(world.add("web", "i-1")->index == 1);
  CHECK(world.add("db", "i-1")->index == 2);
  CHECK(world.add("web", "i-2")->index == 3);
  CHECK(world.index_of("web") == 3);
  CHECK(world.index_of("db") == 2);
  CHECK(world.remove("db", "i-1")->index == 4);
  CHECK(world.index_of("web") == 3);
  CHECK(world.add("web", "i-1")->index == 1);  // a renewal is no change
  CHECK(world.registry.counts().index == 4);
}

TEST_CASE("a service may not have a name of the zone file") {
  World world;
  const Outcome outcome = world.add("www", "i-1");
  CHECK(outcome.error().code == Errc::conflict);
  CHECK(outcome.error().field == "service");
  CHECK(outcome.error().message.find("www.svc.internal") != std::string::npos);
  CHECK(world.journal.attempts == 0);
  CHECK(world.apply(Register{registration("www", "i-1", k_lab)}));  // the other zone has no such name
}

TEST_CASE("two ids that differ only in case would be one name, and the second is refused") {
  World world;
  CHECK(world.add("web", "Node-1"));
  const Outcome outcome = world.add("web", "node-1");
  CHECK(outcome.error().code == Errc::conflict);
  CHECK(outcome.error().field == "id");
  CHECK(outcome.error().message.find("\"Node-1\"") != std::string::npos);
  CHECK(world.add("db", "node-1"));
  SECTION("in one batch too") {
    const auto outcomes = world.apply({adding("web", "a"), adding("web", "A")});
    CHECK(outcomes[0]);
    CHECK(outcomes[1].error().code == Errc::conflict);
  }
  SECTION("until the first is gone") {
    const auto outcomes = world.apply({removing("web", "Node-1"), adding("web", "node-1")});
    CHECK(outcomes[1]->created);
    CHECK(world.ids("web") == Ids{"node-1"});
  }
  SECTION("or its lease has ended") {
    world.pass(15s);
    CHECK(world.add("web", "node-1")->created);
    CHECK(world.ids("web") == Ids{"node-1"});
  }
}

TEST_CASE("a change that cannot be fails alone") {
  World world;
  const auto outcomes =
      world.apply({adding("www", "i-1"), adding("web", "i-1"), removing("web", "i-9"), adding("web", "i-2")});
  CHECK(outcomes[0].error().code == Errc::conflict);
  CHECK(outcomes[1]->created);
  CHECK(outcomes[2].error().code == Errc::unknown_instance);
  CHECK(outcomes[3]->created);
  CHECK(outcomes[3]->index == 2);
  CHECK(world.ids("web") == Ids{"i-1", "i-2"});
}

TEST_CASE("a service remembers each protocol it has been seen with") {
  World world;
  CHECK(world.add("web", "i-1"));
  Registration over_udp = registration("web", "i-2");
  over_udp.protocol = Protocol::udp;
  CHECK(world.apply(Register{over_udp}));
  CHECK(world.remove("web", "i-2"));
  CHECK(world.journal.services.at({k_svc, "web"}).protocols == 3);
  const rcu::ReadLock lock;
  CHECK(world.registry.find_service({k_svc, "web"})->protocols == 3);
}

TEST_CASE("every service on the roll is visited once") {
  World world;
  CHECK(world.apply({adding("web", "i-1"), adding("db", "i-1"), adding("web", "i-2")}).size() == 3);
  const rcu::ReadLock lock;
  std::vector<std::string> names;
  world.registry.for_each_service([&](const Service& service) { names.push_back(service.service.name); });
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"db", "web"});
}

TEST_CASE("a large service is shown once for a commit, however many of it have changed") {
  World world;
  std::vector<Change> changes;
  for (int i = 0; i < 2'000; ++i) changes.push_back(adding("web", "i-" + std::to_string(i)));
  CHECK(world.apply(changes).size() == changes.size());
  CHECK(world.audience.lines.size() == 1);
  world.audience.lines.clear();
  changes.clear();
  for (int i = 0; i < 2'000; i += 7) changes.push_back(Deregister{key("web", "i-" + std::to_string(i))});
  for (int i = 1; i < 2'000; i += 7) {
    Registration other = registration("web", "i-" + std::to_string(i));
    other.port = 9090;
    changes.push_back(Register{std::move(other)});
  }
  changes.push_back(adding("web", "a-first"));
  changes.push_back(adding("web", "z-last"));
  CHECK(world.apply(changes).size() == changes.size());
  CHECK(world.audience.lines.size() == 1);
  const Ids ids = world.ids("web");
  CHECK(ids.size() == 2'000 - 286 + 2);
  CHECK(std::ranges::is_sorted(ids));
  CHECK(ids.front() == "a-first");
  CHECK(ids.back() == "z-last");
  const rcu::ReadLock lock;
  CHECK(world.registry.find_instance(key("web", "i-8").ref())->port() == 9090);
  CHECK(world.registry.find_instance(key("web", "i-7").ref()) == nullptr);
  CHECK(world.registry.find_instance(key("web", "i-9").ref())->port() == 8080);
}

}  // namespace
}  // namespace rollcall::registry
