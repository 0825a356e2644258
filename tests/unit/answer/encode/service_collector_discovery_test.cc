// DNS-SD (RFC 6763), TXT, SVCB and HTTPS (RFC 9460) of services.
#include <string>
#include <vector>

#include "catch.h"
#include "dns/rdata.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

std::vector<std::string> types_of(const World& world, registry::ZoneId zone) {
  std::vector<std::string> types;
  const rcu::ReadLock lock;
  world.roster.for_each_type(zone, [&](std::string_view service, registry::Protocol protocol) {
    types.push_back(std::string(service) + '/' + std::string(registry::to_text(protocol)));
    return true;
  });
  return sorted(types);
}

TEST_CASE("RFC 6763 §4.1: browsing finds the instances of the protocol, by their names below it") {
  World world;
  world.add_all({{.id = "i-1"}, {.id = "i-2"}, {.id = "u-1", .protocol = registry::Protocol::udp}});
  CHECK(sorted(rdata_ends(world.ask("_web._tcp.svc.internal", Type::ptr).answer)) ==
        Records{"i-1._web._tcp.svc.internal.", "i-2._web._tcp.svc.internal."});
  CHECK(rdata_ends(world.ask("_web._udp.svc.internal", Type::ptr).answer) == Records{"u-1._web._udp.svc.internal."});
  CHECK(world.ask("web.svc.internal", Type::ptr).answer.empty());
}

TEST_CASE("RFC 6763 §7.1: a tag is a subtype, whose instances are named below the type") {
  World world;
  world.add_all({{.id = "i-1", .tags = {"blue"}}, {.id = "i-2"}});
  CHECK(rdata_ends(world.ask("_blue._sub._web._tcp.svc.internal", Type::ptr).answer) ==
        Records{"i-1._web._tcp.svc.internal."});
  CHECK(world.ask("_green._sub._web._tcp.svc.internal", Type::ptr).rcode == "NXDOMAIN");
  CHECK(world.ask("_blue._sub._web._tcp.svc.internal", Type::a).answer.empty());
}

TEST_CASE("browsing lives no longer than the shortest lease, and ends with it") {
  World world({.ttl_seconds = 30});
  world.add_all({{.id = "i-1", .ttl = 20s}, {.id = "i-2", .ttl = 10s}});
  CHECK(ttl_of(world.ask("_web._tcp.svc.internal", Type::ptr).answer) == 10);
  world.pass(10s);
  CHECK(rdata_ends(world.ask("_web._tcp.svc.internal", Type::ptr).answer) == Records{"i-1._web._tcp.svc.internal."});
  world.pass(10s);
  CHECK(world.ask("_web._tcp.svc.internal", Type::ptr).answer.empty());
}

TEST_CASE("RFC 6763 §9: each type of the zone that has a ready instance is told once for each protocol") {
  World world;
  world.add_all({{.service = "web", .id = "i-1"},
                 {.service = "web", .id = "i-2"},
                 {.service = "web", .id = "u-1", .protocol = registry::Protocol::udp},
                 {.service = "db", .id = "i-1"},
                 {.service = "mail", .id = "i-1", .zone = registry::ZoneId{1}}});
  CHECK(types_of(world, registry::ZoneId{0}) == Records{"db/tcp", "web/tcp", "web/udp"});
  CHECK(types_of(world, registry::ZoneId{1}) == Records{"mail/tcp"});
  CHECK(sorted(rdata_ends(world.ask("_services._dns-sd._udp.svc.internal", Type::ptr).answer)) ==
        Records{"_db._tcp.svc.internal.", "_web._tcp.svc.internal.", "_web._udp.svc.internal."});
  world.remove("db", "i-1");
  CHECK(types_of(world, registry::ZoneId{0}) == Records{"web/tcp", "web/udp"});
}

TEST_CASE("visiting the types ends when the visitor has seen enough") {
  World world;
  world.add_all({{.service = "a"}, {.service = "b"}, {.service = "c"}});
  int visited = 0;
  const rcu::ReadLock lock;
  world.roster.for_each_type(registry::ZoneId{0}, [&](std::string_view, registry::Protocol) { return ++visited < 2; });
  CHECK(visited == 2);
}

TEST_CASE("a service whose name fills a label has no type: with its underscore it would be none") {
  World world;
  const std::string longest(limits::k_label_bytes_max, 'x');
  const std::string shorter(limits::k_label_bytes_max - 1, 'y');
  world.add_all({{.service = longest}, {.service = shorter}});
  CHECK(rdata_ends(world.ask("_services._dns-sd._udp.svc.internal", Type::ptr).answer) ==
        Records{"_" + shorter + "._tcp.svc.internal."});
}

// --- TXT ---

TEST_CASE("RFC 6763 §6.1: a pair of 255 octets is a string of TXT") {
  World world;
  const std::string fits(255 - 4, 'f');
  world.add({.id = "i-1", .meta = {{"key", fits}}});
  CHECK(world.ask("i-1.web.svc.internal", Type::txt).answer ==
        Records{"i-1.web.svc.internal. 1 TXT \"key=" + fits + "\""});
}

TEST_CASE("RFC 6763 §6.7: the pairs stand in the order of the registration") {
  World world;
  world.add({.id = "i-1", .meta = {{"txtvers", "1"}, {"z", "1"}, {"a", "2"}}});
  CHECK(world.ask("i-1.web.svc.internal", Type::txt).answer ==
        Records{"i-1.web.svc.internal. 1 TXT \"txtvers=1\" \"z=1\" \"a=2\""});
}

TEST_CASE("RFC 6763 §6.1: an instance without meta has one empty string") {
  World world;
  world.add({});
  CHECK(world.ask("i-1._web._tcp.svc.internal", Type::txt).answer == Records{"i-1._web._tcp.svc.internal. 1 TXT \"\""});
}

// --- SVCB, HTTPS ---

// The one record's RDATA.
std::string svcb(World& world, const std::string& name, Type type) {
  const std::vector<std::string> answer = world.ask(name, type).answer;
  REQUIRE(answer.size() == 1);
  const std::string head = name + ". 1 " + dns::type_text(type) + " ";
  REQUIRE(answer.front().starts_with(head));
  return answer.front().substr(head.size());
}

TEST_CASE("RFC 9460 §7: an instance has port and addresses, and what its meta says of ALPN, in the order of the keys") {
  World world;
  world.add({.addresses = {"192.0.2.1", "2001:db8::1", "192.0.2.2"}, .meta = {{"alpn", "h2,http/1.1"}}});
  const Type type = GENERATE(Type::svcb, Type::https);
  CHECK(svcb(world, "web.svc.internal", type) ==
        "1 i-1.web.svc.internal. alpn=h2,http/1.1 port=8080 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1");
}

TEST_CASE("RFC 9460 §2.4.1: the priority of a service is never 0, which would make an alias of it") {
  World world;
  world.add({.priority = 0, .meta = {{"alpn", "h2"}}});
  CHECK(svcb(world, "web.svc.internal", Type::https).starts_with("1 i-1.web.svc.internal. "));
}

TEST_CASE("RFC 9460 §7.1.1: what is no ALPN id is left out, the others stay") {
  World world;
  world.add({.meta = {{"alpn", ",h3,,h2c, h2 ,"}}});
  CHECK(svcb(world, "web.svc.internal", Type::https).find("alpn=h3,h2 port=") != std::string::npos);
}

TEST_CASE("RFC 9460 §9.5: a service that has never spoken of TLS has no HTTPS record, which would upgrade its links") {
  World world;
  world.add({.meta = {{"version", "1"}}});
  for (const Type type : {Type::https, Type::svcb}) {
    const Answered answered = world.ask("web.svc.internal", type);
    CHECK(answered.rcode == "NOERROR");
    CHECK(answered.answer.empty());
  }
}

TEST_CASE("HTTPS is for HTTP over TLS, SVCB for whatever else is spoken over TLS") {
  struct Case {
    const char* alpn;
    registry::Protocol protocol;
    bool has_https;
    bool has_svcb;
  };
  using enum registry::Protocol;
  for (const Case& each : {Case{"h2", tcp, true, true}, Case{"http/1.1", tcp, true, true}, Case{"h3", tcp, true, true},
                           Case{"dot", tcp, false, true}, Case{"dot,h2", tcp, true, true},
                           Case{"h2c", tcp, false, false}, Case{"", tcp, false, false}, Case{" , ,", tcp, false, false},
                           Case{"H2", tcp, false, true}, Case{"h3", udp, true, true}, Case{"h2", udp, false, false},
                           Case{"http/1.1,h2", udp, false, false}, Case{"doq", udp, false, true}}) {
    CAPTURE(each.alpn, static_cast<int>(each.protocol));
    World world;
    world.add({.protocol = each.protocol, .meta = {{"alpn", each.alpn}}});
    CHECK(world.ask("web.svc.internal", Type::https).answer.empty() != each.has_https);
    CHECK(world.ask("web.svc.internal", Type::svcb).answer.empty() != each.has_svcb);
  }
}

TEST_CASE("RFC 9460 §7.1.1: a udp instance offers nothing over TCP, and says so") {
  World world;
  world.add({.protocol = registry::Protocol::udp, .meta = {{"alpn", "h3,h2"}}});
  CHECK(svcb(world, "web.svc.internal", Type::https) ==
        "1 i-1.web.svc.internal. alpn=h3 no-default-alpn port=8080 ipv4hint=192.0.2.1");
  CHECK(svcb(world, "web.svc.internal", Type::svcb) == "1 i-1.web.svc.internal. alpn=h3 port=8080 ipv4hint=192.0.2.1");
}

TEST_CASE("of a service only the instances that speak TLS are in its HTTPS records, and their leases bound the TTL") {
  World world({.ttl_seconds = 30});
  world.add_all({{.id = "i-1", .ttl = 20s, .meta = {{"alpn", "h2"}}}, {.id = "i-2", .ttl = 10s}});
  const std::vector<std::string> answer = world.ask("web.svc.internal", Type::https).answer;
  REQUIRE(answer.size() == 1);
  CHECK(answer.front().starts_with("web.svc.internal. 20 HTTPS 1 i-1.web.svc.internal. "));
}

TEST_CASE("a tag has the SVCB of its instances, the name with underscores none") {
  World world;
  world.add_all({{.id = "i-1", .tags = {"blue"}, .meta = {{"alpn", "h2"}}}, {.id = "i-2", .meta = {{"alpn", "h2"}}}});
  CHECK(svcb(world, "blue.web.svc.internal", Type::svcb).starts_with("1 i-1.web.svc.internal. "));
  CHECK(world.ask("_web._tcp.svc.internal", Type::svcb).answer.empty());
}

TEST_CASE("SVCB that does not fit has TC and as many whole records as fit, always the same") {
  World world({}, 512);
  std::vector<Entry> entries;
  for (int i = 0; i < 40; ++i) {
    entries.push_back(
        {.id = "i-" + std::to_string(i), .addresses = {"192.0.2." + std::to_string(i)}, .meta = {{"alpn", "h2"}}});
  }
  world.add_all(entries);
  const Answered first = world.ask("web.svc.internal", Type::svcb);
  CHECK(first.truncated);
  CHECK(first.answer.size() > 3);
  CHECK(world.ask("web.svc.internal", Type::svcb).answer == first.answer);
  CHECK(world.ask_tcp("web.svc.internal", Type::svcb).answer.size() == 40);
}

}  // namespace
}  // namespace rollcall::answer
