// No cache outlives a lease.
#include <string>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

constexpr std::string_view k_first = "i-1.web.svc.internal";

std::uint32_t ttl(World& world, std::string_view name, Type type) {
  return ttl_of(world.ask(std::string(name), type).answer);
}

TEST_CASE("a TTL is that of the settings while every lease lasts longer") {
  World world({.ttl_seconds = 5});
  world.add({.addresses = {"192.0.2.1", "2001:db8::1"}, .ttl = 15s});
  CHECK(ttl(world, k_web, Type::a) == 5);
  CHECK(ttl(world, k_web, Type::aaaa) == 5);
  CHECK(ttl(world, k_web, Type::srv) == 5);
  CHECK(ttl(world, k_first, Type::a) == 5);
  CHECK(ttl(world, k_first, Type::txt) == 5);
  CHECK(ttl(world, "_web._tcp.svc.internal", Type::srv) == 5);
  CHECK(ttl(world, "i-1._web._tcp.svc.internal", Type::srv) == 5);
  CHECK(ttl_of(world.ask(std::string(k_web), Type::srv).additional) == 5);
  world.pass(10s);
  CHECK(ttl(world, k_web, Type::a) == 5);  // five whole seconds are left
}

TEST_CASE("a TTL is the whole seconds that are left of the earliest lease") {
  World world({.ttl_seconds = 5});
  world.add({.addresses = {"192.0.2.1", "2001:db8::1"}, .ttl = 15s});
  world.pass(10s + 1ns);
  const auto [name, type] =
      GENERATE(Catch::Generators::table<std::string_view, Type>({{k_web, Type::a},
                                                                 {k_web, Type::aaaa},
                                                                 {k_web, Type::srv},
                                                                 {k_first, Type::a},
                                                                 {k_first, Type::srv},
                                                                 {k_first, Type::txt},
                                                                 {"_web._tcp.svc.internal", Type::srv},
                                                                 {"i-1._web._tcp.svc.internal", Type::txt}}));
  CHECK(ttl(world, name, type) == 4);
  world.pass(1s - 1ns);
  CHECK(ttl(world, name, type) == 4);
  world.pass(1ns);
  CHECK(ttl(world, name, type) == 3);
  world.pass(3s - 1ns);
  CHECK(ttl(world, name, type) == 1);
  world.pass(1ns);
  CHECK(ttl(world, name, type) == 0);  // the last second: not to be remembered at all
  world.pass(1s - 2ns);
  CHECK(ttl(world, name, type) == 0);
  world.renew("web", "i-1");
  CHECK(ttl(world, name, type) == 5);
  SECTION("and after the end there is no record, swept or not") {
    world.pass(15s + 1ms);  // the renewed deadline was rounded up
    const Answered gone = world.ask(std::string(name), type);
    CHECK(gone.answer.empty());
    CHECK(gone.rcode == (name.starts_with("i-1") ? "NXDOMAIN" : "NOERROR"));
  }
}

TEST_CASE("all records of an answer have the TTL of its earliest lease") {
  World world({.ttl_seconds = 30});
  world.add_all({{.id = "a", .addresses = {"192.0.2.1"}, .ttl = 60s},
                 {.id = "b", .addresses = {"192.0.2.2"}, .ttl = 20s},
                 {.id = "c", .addresses = {"192.0.2.3", "2001:db8::3"}, .ttl = 25s}});
  CHECK(ttl(world, k_web, Type::a) == 20);
  CHECK(ttl(world, k_web, Type::srv) == 20);
  CHECK(ttl_of(world.ask(std::string(k_web), Type::srv).additional) == 20);
  CHECK(ttl(world, k_web, Type::aaaa) == 25);  // b has no IPv6 and no say
  world.pass(20s);
  CHECK(world.ask(std::string(k_web), Type::a).answer.size() == 2);
  CHECK(ttl(world, k_web, Type::a) == 5);
  world.pass(5s);
  CHECK(rdata_ends(world.ask(std::string(k_web), Type::a).answer) == Records{"192.0.2.1"});
  CHECK(ttl(world, k_web, Type::a) == 30);
}

TEST_CASE("a lease of another priority has no say in the TTL of A, but in that of SRV") {
  World world({.ttl_seconds = 30});
  world.add_all({{.id = "best", .priority = 1, .ttl = 60s}, {.id = "spare", .priority = 2, .ttl = 10s}});
  CHECK(ttl(world, k_web, Type::a) == 30);
  CHECK(ttl(world, k_web, Type::srv) == 10);
}

TEST_CASE("a lease outside the tag has no say in the tag's TTL") {
  World world({.ttl_seconds = 30});
  world.add_all({{.id = "a", .tags = {"blue"}, .ttl = 60s}, {.id = "b", .ttl = 10s}});
  CHECK(ttl(world, "blue.web.svc.internal", Type::a) == 30);
  CHECK(ttl(world, k_web, Type::a) == 10);
}

TEST_CASE("heartbeats lift the TTL again, without the service being published anew") {
  World world({.ttl_seconds = 10});
  world.add_all({{.id = "a", .addresses = {"192.0.2.1"}}, {.id = "b", .addresses = {"192.0.2.2"}}});
  world.pass(14s);
  CHECK(ttl(world, k_web, Type::a) == 1);
  world.renew("web", "a");
  CHECK(ttl(world, k_web, Type::a) == 1);
  world.renew("web", "b");
  CHECK(ttl(world, k_web, Type::a) == 10);
}

TEST_CASE("who has ended and is not swept is in no answer, and the others are") {
  World world;
  world.add_all({{.id = "a", .addresses = {"192.0.2.1"}}, {.id = "b", .addresses = {"192.0.2.2"}, .ttl = 60s}});
  world.pass(15s);
  CHECK(rdata_ends(world.ask(std::string(k_web), Type::a).answer) == Records{"192.0.2.2"});
  CHECK(rdata_ends(world.ask(std::string(k_web), Type::srv).answer) == Records{"b.web.svc.internal."});
  CHECK(world.ask(std::string(k_web), Type::srv).additional == Records{"b.web.svc.internal. 1 A 192.0.2.2"});
  CHECK(world.ask("a.web.svc.internal", Type::a).rcode == "NXDOMAIN");
  CHECK(world.ask("b.web.svc.internal", Type::a).answer.size() == 1);
}

TEST_CASE("a service whose leases have all ended answers as an empty one, swept or not") {
  const auto [when_empty, rcode] = GENERATE(Catch::Generators::table<WhenEmpty, std::string_view>(
      {{WhenEmpty::nodata, "NOERROR"}, {WhenEmpty::nxdomain, "NXDOMAIN"}, {WhenEmpty::servfail, "SERVFAIL"}}));
  World world({.when_empty = when_empty});
  world.add({.addresses = {"192.0.2.1"}});
  // A service that has somebody, but nothing of this type, is not empty.
  CHECK(world.ask(std::string(k_web), Type::aaaa).rcode == "NOERROR");
  CHECK(world.ask(std::string(k_web), Type::txt).rcode == "NOERROR");
  world.pass(15s);
  for (const bool swept : {false, true}) {
    if (swept) world.registry.sweep(world.clock.now(), world.wall);
    for (const Type type : {Type::a, Type::aaaa, Type::srv, Type::any}) {
      const Answered answered = world.ask(std::string(k_web), type);
      CHECK(answered.rcode == rcode);
      CHECK(answered.answer.empty());
      CHECK(answered.authority.size() == (when_empty == WhenEmpty::servfail ? 0 : 1));
      CHECK(answered.flags == (when_empty == WhenEmpty::servfail ? "qr" : "qr aa"));
    }
  }
}

// Of a node of a cluster: what others have registered.
void follow(World& world, registry::ChangeIndex index, const Entry& entry) {
  registry::DurableChange change;
  change.event = {.key = registration_of(entry).key, .index = index};
  change.present = registry::DurableChange::Present{.registration = registration_of(entry)};
  REQUIRE(world.registry.follow(std::span(&change, 1), world.clock, world.wall).empty());
}

TEST_CASE(
    "a lease that others decide about holds the TTL down to zero, and then to one second while its end is not made") {
  World world({.ttl_seconds = 5});
  follow(world, 7, {.addresses = {"192.0.2.1", "2001:db8::1"}, .ttl = 15s});
  const auto [name, type] =
      GENERATE(Catch::Generators::table<std::string_view, Type>({{k_web, Type::a},
                                                                 {k_web, Type::srv},
                                                                 {k_first, Type::aaaa},
                                                                 {k_first, Type::txt},
                                                                 {"_web._tcp.svc.internal", Type::ptr},
                                                                 {"_services._dns-sd._udp.svc.internal", Type::ptr}}));
  CHECK(ttl(world, name, type) == 5);
  world.pass(12s);
  CHECK(ttl(world, name, type) == 3);
  world.pass(3s);
  CHECK(ttl(world, name, type) == 0);  // it should be gone in a moment
  world.pass(1s - 1ns);
  CHECK(ttl(world, name, type) == 0);
  world.pass(1ns);
  CHECK(ttl(world, name, type) == 1);  // nobody can end it now
  world.pass(24h);
  CHECK(ttl(world, name, type) == 1);
  world.registry.note_lease({{registry::ZoneId{0}, "web"}, "i-1"}, world.clock.now() + 4s);
  CHECK(ttl(world, name, type) == 4);
}

TEST_CASE("one instance whose end is not made does not take caching from its service") {
  World world({.ttl_seconds = 1});
  follow(world, 7, {.id = "a", .addresses = {"192.0.2.1"}, .ttl = 15s});
  follow(world, 8, {.id = "b", .addresses = {"192.0.2.2"}, .ttl = 1h});
  world.pass(15s);
  CHECK(ttl(world, k_web, Type::a) == 0);
  world.pass(1s);
  CHECK(ttl(world, k_web, Type::a) == 1);
  CHECK(world.ask(std::string(k_web), Type::a).answer.size() == 2);
  CHECK(ttl(world, "b.web.svc.internal", Type::a) == 1);
}

TEST_CASE("negative answers carry the SOA, with its minimum for a TTL") {
  World world;
  world.add(Entry{});
  const Records soa{"svc.internal. 1 SOA ns.svc.internal. hostmaster.svc.internal. 1 10 5 3600 1"};
  CHECK(world.ask(std::string(k_web), Type::aaaa).authority == soa);
  CHECK(world.ask("nobody.svc.internal", Type::a).authority == soa);
  CHECK(world.ask("nobody.svc.internal", Type::a).rcode == "NXDOMAIN");
  CHECK(world.ask("x.web.svc.internal", Type::a).authority == soa);
}

}  // namespace
}  // namespace rollcall::answer
