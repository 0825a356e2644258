// Instances as other doors than the native API make them, in the DNS: without a lease, without a port, without an address,
// with a lease that turns a check critical.
#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer::testing {
namespace {

using dns::Type;

registry::Registration of_a_door(const std::string& id, const std::string& address) {
  registry::Registration made = registration_of({.id = id, .addresses = {address}});
  made.door = registry::Door::consul;
  return made;
}

registry::Registration without_lease(registry::Registration made) {
  made.lease = registry::LeaseKind::none;
  made.ttl = 0s;
  return made;
}

void put(World& world, registry::Registration made, registry::CheckDefinitions checks = {}) {
  const registry::Change change = registry::Register{std::move(made), std::move(checks)};
  REQUIRE(world.registry.apply(std::span(&change, 1), world.clock, world.wall).front());
}

}  // namespace

TEST_CASE("no answer outlives the deadline that turns a check critical, and own names go on") {
  World world({.ttl_seconds = 60});
  registry::Registration made = of_a_door("i-1", "192.0.2.1");
  made.lease = registry::LeaseKind::turns_critical;
  made.lease_check = "service:i-1";
  made.ttl = 15s;
  put(world, made, {health::CheckResults{{.id = "service:i-1", .kind = health::CheckKind::ttl}}, false});
  CHECK(world.ask("web.svc.internal", Type::a).answer == Records{"web.svc.internal. 15 A 192.0.2.1"});
  world.pass(10s);
  CHECK(world.ask("web.svc.internal", Type::a).answer == Records{"web.svc.internal. 5 A 192.0.2.1"});
  world.pass(5s);  // and the sweep is late
  CHECK(world.ask("web.svc.internal", Type::a).answer.empty());
  CHECK(world.ask("_web._tcp.svc.internal", Type::srv).answer.empty());
  world.registry.sweep(world.clock.now(), world.wall);
  CHECK(world.ask("web.svc.internal", Type::a).answer.empty());
  CHECK(world.ask("i-1.web.svc.internal", Type::a).answer == Records{"i-1.web.svc.internal. 60 A 192.0.2.1"});
}

TEST_CASE("an instance without a lease does not bound the TTL, beside one that does") {
  World world({.ttl_seconds = 60});
  put(world, without_lease(of_a_door("i-1", "192.0.2.1")));
  CHECK(world.ask("web.svc.internal", Type::a).answer == Records{"web.svc.internal. 60 A 192.0.2.1"});
  world.pass(24h * 400);
  world.registry.sweep(world.clock.now(), world.wall);
  CHECK(world.ask("web.svc.internal", Type::a).answer == Records{"web.svc.internal. 60 A 192.0.2.1"});
  world.add({.id = "i-2", .addresses = {"192.0.2.1"}, .ttl = 5s});
  CHECK(world.ask("web.svc.internal", Type::a).answer == Records{"web.svc.internal. 5 A 192.0.2.1"});
}

TEST_CASE("an instance without a port has addresses, and neither SRV nor a place among those DNS-SD finds") {
  World world;
  registry::Registration made = without_lease(of_a_door("i-1", "192.0.2.1"));
  made.port = 0;
  put(world, made);
  CHECK(world.ask("web.svc.internal", Type::a).answer.size() == 1);
  CHECK(world.ask("i-1.web.svc.internal", Type::a).answer.size() == 1);
  for (const char* name :
       {"web.svc.internal", "_web._tcp.svc.internal", "i-1.web.svc.internal", "i-1._web._tcp.svc.internal"}) {
    CAPTURE(name);
    const Answered answer = world.ask(name, Type::srv);
    CHECK(answer.rcode == "NOERROR");
    CHECK(answer.answer.empty());
  }
  CHECK(world.ask("_web._tcp.svc.internal", Type::ptr).answer.empty());
  world.add({.id = "i-2", .addresses = {"192.0.2.2"}});
  CHECK(world.ask("_web._tcp.svc.internal", Type::srv).answer.size() == 1);
  CHECK(world.ask("web.svc.internal", Type::a).answer.size() == 2);
}

TEST_CASE("an instance whose address is a name is an alias to it, and one that has none breaks nothing") {
  World world;
  registry::Registration made = without_lease(of_a_door("i-1", "192.0.2.1"));
  made.addresses.clear();
  made.host = "db.example.net";
  put(world, made);
  for (const Type type : {Type::a, Type::aaaa}) {
    CHECK(world.ask("web.svc.internal", type).answer == Records{"web.svc.internal. 1 CNAME db.example.net."});
    CHECK(world.ask("i-1.web.svc.internal", type).answer == Records{"i-1.web.svc.internal. 1 CNAME db.example.net."});
  }
  CHECK(world.ask("web.svc.internal", Type::srv).answer.size() == 1);
  CHECK(world.ask("i-1.web.svc.internal", Type::txt).answer.size() == 1);
  made.host.clear();
  put(world, made);
  for (const Type type : {Type::a, Type::aaaa}) {
    CHECK(world.ask("web.svc.internal", type).answer.empty());
    CHECK(world.ask("i-1.web.svc.internal", type).answer.empty());
  }
  CHECK(world.ask("web.svc.internal", Type::srv).answer.size() == 1);
}

TEST_CASE("of free tags those that are labels make names, and the others show nowhere in the DNS") {
  World world;
  registry::Registration made = without_lease(of_a_door("host:web:80/udp", "192.0.2.1"));
  made.tags = {"Blue", "a.b", "green", "traefik.enable=true", std::string(3'000, 'x')};
  made.meta = {{"long", std::string(2'000, 'v')}, {"short", "1"}, {"", "nameless"}};
  put(world, made);
  CHECK(world.ask("green.web.svc.internal", Type::a).answer.size() == 1);
  CHECK(world.ask("blue.web.svc.internal", Type::a).answer.size() == 1);
  CHECK(world.ask("a\\.b.web.svc.internal", Type::a).rcode == "NXDOMAIN");
  const std::string label = registry::label_of("host:web:80/udp");
  CHECK(rdata_ends(world.ask(label + ".web.svc.internal", Type::txt).answer) == Records{"\"short=1\""});
}

}  // namespace rollcall::answer::testing
