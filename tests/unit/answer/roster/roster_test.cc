// What a name means to the roll.
#include "answer/roster/roster.h"

#include <string>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using Kind = RosterName::Kind;
using registry::Protocol;

struct Seen {
  Kind kind;
  std::string label;  // of the member
  std::uint32_t ready = 0;
};

Seen find(const World& world, const std::string& text) {
  const rcu::ReadLock lock;
  const std::optional<dns::Name> name = dns::Name::parse(text);
  dns::QuestionName question;
  if (!name || !question.read(name->wire())) FAIL("no name: " << text);
  const Zone* zone = world.zones.table().find_enclosing(question);
  if (zone == nullptr) FAIL("no zone for " << text);
  const RosterName found = world.roster.find(*zone, question);
  return {found.kind, found.member == nullptr ? "" : std::string(found.member->instance->label()),
          found.view == nullptr ? 0 : found.view->count};
}
Kind kind(const World& world, const std::string& text) { return find(world, text).kind; }

World& populate(World& world) {
  world.add_all({{.id = "i-1", .tags = {"blue"}},
                 {.id = "i-2", .tags = {"blue", "green"}},
                 {.id = "Node_3", .protocol = Protocol::udp},
                 {.service = "db", .id = "i-1"}});
  return world;
}

TEST_CASE("a service, its tags and its instances have names") {
  World world;
  populate(world);
  CHECK(kind(world, "web.svc.internal") == Kind::service);
  CHECK(find(world, "web.svc.internal").ready == 3);
  CHECK(kind(world, "WEB.SVC.INTERNAL") == Kind::service);
  CHECK(find(world, "blue.web.svc.internal").ready == 2);
  CHECK(find(world, "green.web.svc.internal").ready == 1);
  CHECK(find(world, "BLUE.web.svc.internal").kind == Kind::service);
  CHECK(find(world, "i-1.web.svc.internal").label == "i-1");
  CHECK(find(world, "I-1.web.svc.internal").label == "i-1");
  CHECK(find(world, registry::label_of("Node_3") + ".web.svc.internal").kind == Kind::instance);
}

TEST_CASE("below a service there is nothing but tags and instances") {
  World world;
  populate(world);
  for (const char* name : {"x.web.svc.internal", "a.i-1.web.svc.internal", "a.blue.web.svc.internal",
                           "_web._tcp.web.svc.internal", "i-1.db.svc.internal.web.svc.internal"}) {
    CHECK(kind(world, name) == Kind::missing);
  }
}

TEST_CASE("a service's protocol has the names of RFC 2782") {
  World world;
  populate(world);
  CHECK(find(world, "_web._tcp.svc.internal").kind == Kind::service_srv);
  CHECK(find(world, "_web._tcp.svc.internal").ready == 2);
  CHECK(find(world, "_web._udp.svc.internal").ready == 1);
  CHECK(find(world, "i-1._web._tcp.svc.internal").kind == Kind::instance_srv);
  CHECK(find(world, "i-1._web._udp.svc.internal").kind == Kind::missing);
  CHECK(find(world, "x._web._tcp.svc.internal").kind == Kind::missing);
  CHECK(find(world, "a.i-1._web._tcp.svc.internal").kind == Kind::missing);
  CHECK(kind(world, "_db._udp.svc.internal") == Kind::none);
  CHECK(kind(world, "_web._sctp.svc.internal") == Kind::none);
  CHECK(kind(world, "web._tcp.svc.internal") == Kind::none);
  CHECK(kind(world, "_._tcp.svc.internal") == Kind::none);
}

TEST_CASE("a protocol's own name exists while a service has been seen with it") {
  World world;
  CHECK(kind(world, "_tcp.svc.internal") == Kind::none);
  world.add_all({{.service = "web"}, {.service = "db"}});
  CHECK(kind(world, "_tcp.svc.internal") == Kind::empty);
  CHECK(kind(world, "_tcp.lab.example") == Kind::none);
  world.remove("web", "i-1");
  world.remove("db", "i-1");
  CHECK(kind(world, "_tcp.svc.internal") == Kind::empty);  // the services stay known, and their names with them
  world.pass(1h);
  world.registry.sweep(world.clock.now(), world.wall);
  CHECK(kind(world, "_tcp.svc.internal") == Kind::none);
}

TEST_CASE("_udp always exists: the names of DNS-SD are below it") {
  const World world;
  CHECK(kind(world, "_udp.svc.internal") == Kind::empty);
  CHECK(kind(world, "_dns-sd._udp.svc.internal") == Kind::empty);
  CHECK(kind(world, "_services._dns-sd._udp.svc.internal") == Kind::types);
  CHECK(kind(world, "b._dns-sd._udp.svc.internal") == Kind::domain);
  CHECK(kind(world, "lb._dns-sd._udp.svc.internal") == Kind::domain);
  CHECK(kind(world, "x._dns-sd._udp.svc.internal") == Kind::none);
}

TEST_CASE("names of no service are left to the zone file") {
  World world;
  populate(world);
  for (const char* name :
       {"svc.internal", "ns.svc.internal", "nobody.svc.internal", "x.nobody.svc.internal", "web.lab.example"}) {
    CHECK(kind(world, name) == Kind::none);
  }
}

TEST_CASE("a service that is forgotten has no names") {
  World world;
  world.add(Entry{});
  world.remove("web", "i-1");
  CHECK(kind(world, "web.svc.internal") == Kind::service);
  CHECK(find(world, "_web._tcp.svc.internal").ready == 0);
  world.pass(1h);
  world.registry.sweep(world.clock.now(), world.wall);
  CHECK(kind(world, "web.svc.internal") == Kind::none);
  CHECK(kind(world, "_web._tcp.svc.internal") == Kind::none);
}

TEST_CASE("one name in two zones is two services") {
  World world;
  world.add_all({{.id = "a"}, {.id = "b", .zone = registry::ZoneId{1}}});
  CHECK(kind(world, "a.web.svc.internal") == Kind::instance);
  CHECK(kind(world, "b.web.svc.internal") == Kind::missing);
  CHECK(kind(world, "b.web.lab.example") == Kind::instance);
}

TEST_CASE("a draining instance keeps its own name and loses the service's") {
  World world;
  world.add_all({{.id = "a", .addresses = {"192.0.2.1"}, .tags = {"blue"}},
                 {.id = "b", .addresses = {"192.0.2.2"}, .tags = {"blue"}}});
  for (const auto status : {registry::Status::draining, registry::Status::critical}) {
    World after;
    after.journal.instances = world.journal.instances;
    after.journal.services = world.journal.services;
    after.journal.instances.at({{registry::ZoneId{0}, "web"}, "a"}).standing = status;
    after.registry.restore(after.journal.restored(), after.clock.now(), after.wall);
    CHECK(rdata_ends(after.ask("web.svc.internal", dns::Type::a).answer) == Records{"192.0.2.2"});
    CHECK(rdata_ends(after.ask("blue.web.svc.internal", dns::Type::a).answer) == Records{"192.0.2.2"});
    CHECK(after.ask("_web._tcp.svc.internal", dns::Type::srv).answer.size() == 1);
    CHECK(rdata_ends(after.ask("a.web.svc.internal", dns::Type::a).answer) == Records{"192.0.2.1"});
    CHECK(after.ask("a._web._tcp.svc.internal", dns::Type::srv).answer.size() == 1);
  }
}

}  // namespace
}  // namespace rollcall::answer
