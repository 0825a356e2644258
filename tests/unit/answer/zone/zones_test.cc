#include "answer/zone/zones.h"

#include <string>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using registry::ServiceRef;
using registry::ZoneId;

std::vector<Zone> nested_zones() {
  std::vector<Zone> zones;
  for (const char* apex : {"example", "Svc.Example", "a.b.svc.example", "other.test"}) zones.push_back(make_zone(apex));
  return zones;
}

Zones one_zone(std::string_view text) {
  std::vector<Zone> zones;
  zones.push_back(make_zone("svc.internal", text));
  return Zones(std::move(zones));
}

using Below = registry::ZoneDirectory::Below;

// "www.svc.internal", "… in ZONE", "… as a whole", "none".
std::string text_of(const std::optional<registry::TakenName>& taken) {
  if (!taken) return "none";
  switch (taken->by) {
    case registry::TakenName::By::zone_file: return taken->name;
    case registry::TakenName::By::other_zone: return taken->name + " in " + taken->zone;
    case registry::TakenName::By::whole_zone: return taken->name + " as a whole";
  }
  return "?";
}
std::string taken(const Zones& zones, ZoneId zone, std::string_view service) {
  return text_of(zones.find_taken({zone, service}));
}
// In the first zone.
std::string taken_below(const Zones& zones, std::string_view service, std::string_view label,
                        Below what = Below::instance) {
  return text_of(zones.find_taken_below({ZoneId{0}, service}, label, what));
}

std::string zone_of(const Zones& zones, const std::string& text) {
  const rcu::ReadLock lock;
  const std::optional<dns::Name> name = dns::Name::parse(text);
  dns::QuestionName question;
  if (!name || !question.read(name->wire())) FAIL("no name: " << text);
  const Zone* zone = zones.table().find_enclosing(question);
  return zone == nullptr ? "none" : zone->records.apex().text();
}

TEST_CASE("a name belongs to the nearest zone that encloses it") {
  const Zones zones(nested_zones());
  CHECK(zone_of(zones, "example") == "example.");
  CHECK(zone_of(zones, "www.example") == "example.");
  CHECK(zone_of(zones, "svc.example") == "Svc.Example.");
  CHECK(zone_of(zones, "WEB.SVC.EXAMPLE") == "Svc.Example.");
  CHECK(zone_of(zones, "b.svc.example") == "Svc.Example.");
  CHECK(zone_of(zones, "a.b.svc.example") == "a.b.svc.example.");
  CHECK(zone_of(zones, "x.y.z.a.b.svc.example") == "a.b.svc.example.");
  CHECK(zone_of(zones, "test") == "none");
  CHECK(zone_of(zones, ".") == "none");
  CHECK(zone_of(zones, "xsvc.example") == "example.");
  CHECK(zone_of(zones, "example.test") == "none");
}

TEST_CASE("more zones than 16 bits count are told apart, by look-up and by name") {
  constexpr std::uint32_t k_count = 65'600;
  std::vector<Zone> list;
  list.reserve(k_count);
  for (std::uint32_t i = 0; i < k_count; ++i) list.push_back(make_zone("z" + std::to_string(i) + ".example"));
  const Zones zones(std::move(list));
  for (const std::uint32_t i : {0U, 63U, 64U, 65'535U, 65'536U, k_count - 1}) {
    const std::string name = "z" + std::to_string(i) + ".example";
    CHECK(zones.find(name) == ZoneId{i});
    CHECK(zones.name_of(ZoneId{i}) == name);
    CHECK(zone_of(zones, "www." + name) == name + ".");
  }
  CHECK_FALSE(zones.find("z" + std::to_string(k_count) + ".example"));
}

TEST_CASE("the root can be a zone, and then encloses every name") {
  std::vector<Zone> list;
  list.push_back(make_zone("."));
  list.push_back(make_zone("svc.internal"));
  const Zones zones(std::move(list));
  CHECK(zone_of(zones, ".") == ".");
  CHECK(zone_of(zones, "a.b.c") == ".");
  CHECK(zone_of(zones, "web.svc.internal") == "svc.internal.");
}

TEST_CASE("a zone is found by its name in any case, with the dot or without") {
  const Zones zones(nested_zones());
  CHECK(zones.find("svc.example") == ZoneId{1});
  CHECK(zones.find("SVC.example.") == ZoneId{1});
  CHECK(zones.find("other.test") == ZoneId{3});
  CHECK_FALSE(zones.find("www.example"));
  CHECK_FALSE(zones.find(""));
  CHECK_FALSE(zones.find("a..b"));
  CHECK(zones.name_of(ZoneId{1}) == "Svc.Example");
  CHECK(zones.apex_bytes_of(ZoneId{0}) == 9);
  CHECK(zones.size() == 4);
}

TEST_CASE("the DS of a zone served here was answered by the zone itself, and not by the one that delegates it") {
  std::vector<Zone> both;
  both.push_back(make_zone("example", R"(
@          1 IN SOA ns hostmaster 1 10 5 1h 1
@            IN NS  ns
ns         1 IN A   192.0.2.53
cut        1 IN NS  ns
)"));
  both.push_back(make_zone("cut.example"));
  both.push_back(make_zone("unknown.example"));
  const Zones zones(std::move(both));
  const rcu::ReadLock lock;
  const auto answering = [&](std::string_view text, dns::Type type) {
    const dns::Name name = *dns::Name::parse(text);
    dns::QuestionName question;
    REQUIRE(question.read(name.wire()));
    return zones.table().find_answering(question, type)->records.apex().text_without_dot();
  };
  CHECK(answering("cut.example", dns::Type::ds) == "example");
  CHECK(answering("cut.example", dns::Type::ns) == "cut.example");
  CHECK(answering("ns.cut.example", dns::Type::ds) == "cut.example");
  CHECK(answering("unknown.example", dns::Type::ds) == "unknown.example");
  CHECK(answering("example", dns::Type::ds) == "example");
}

TEST_CASE("a reverse zone takes no services") {
  std::vector<Zone> reverse;
  reverse.push_back(make_zone("2.0.192.in-addr.arpa"));
  const Zones zones(std::move(reverse));
  CHECK(taken(zones, ZoneId{0}, "web") == "2.0.192.in-addr.arpa as a whole");
}

TEST_CASE("a service may not share its names with the zone file") {
  const Zones zones = one_zone(R"(
@          1 IN SOA ns hostmaster 1 10 5 1h 1
@            IN NS  ns
ns         1 IN A   192.0.2.53
WWW        1 IN A   192.0.2.1
a.deep     1 IN A   192.0.2.2
_web._tcp  1 IN SRV 0 0 80 www
x._dns._udp 1 IN TXT "x"
*          1 IN A   192.0.2.9
)");
  const auto conflict = [&](std::string_view service) { return taken(zones, ZoneId{0}, service); };
  CHECK(conflict("www") == "WWW.svc.internal");
  CHECK(conflict("ns") == "ns.svc.internal");
  CHECK(conflict("web") == "_web._tcp.svc.internal");
  CHECK(conflict("a") == "none");
  CHECK(conflict("db") == "none");    // a wildcard is no obstacle: a service is closer
  CHECK(conflict("deep") == "none");  // nor are names below it
  CHECK(conflict("dns") == "none");
  CHECK(taken_below(zones, "deep", "a") == "a.deep.svc.internal");
  CHECK(taken_below(zones, "deep", "b") == "none");
  CHECK(taken_below(zones, "dns", "x") == "x._dns._udp.svc.internal");
}

TEST_CASE("a challenge or a policy in the zone file kept a service of that name off the roll") {
  const Zones zones = one_zone(R"(
@                 1 IN SOA ns hostmaster 1 10 5 1h 1
@                   IN NS  ns.example.
_grpc_config.web  1 IN TXT "grpc_config=[]"
_acme-challenge.web 1 IN TXT "x"
_dmarc.web        1 IN TXT "v=DMARC1"
*.web             1 IN TXT "any"
_443._tcp.web     1 IN TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
_x._sub._web._tcp 1 IN PTR elsewhere.example.
_sub._api._tcp    1 IN TXT "subtypes"
b.web             1 IN NS ns.example.
)");
  CHECK(zones.may_have_names_below({ZoneId{0}, "web"}));
  CHECK(taken(zones, ZoneId{0}, "web") == "none");
  CHECK(taken_below(zones, "web", "a") == "none");
  CHECK(taken_below(zones, "web", "b") == "b.web.svc.internal");
  CHECK(taken_below(zones, "web", "b", Below::tag) == "b.web.svc.internal");
  CHECK(taken_below(zones, "web", "x") == "none");
  CHECK(taken_below(zones, "web", "x", Below::tag) == "_x._sub._web._tcp.svc.internal");
  CHECK(taken_below(zones, "api", "x") == "none");
  CHECK(taken_below(zones, "api", "x", Below::tag) == "_sub._api._tcp.svc.internal");
}

TEST_CASE("below a delegation or a DNAME there is no room for a service") {
  const Zones zones = one_zone(R"(
@     1 IN SOA   ns hostmaster 1 10 5 1h 1
@       IN NS    ns
ns    1 IN A     192.0.2.53
_tcp  1 IN NS    ns.example.
)");
  CHECK(taken(zones, ZoneId{0}, "web") == "_tcp.svc.internal");
  CHECK_FALSE(zones.may_have_names_below({ZoneId{0}, "web"}));
  const Zones moved = one_zone(R"(
@     1 IN SOA   ns.example. hostmaster 1 10 5 1h 1
@       IN NS    ns.example.
@     1 IN DNAME other.example.
)");
  CHECK(taken(moved, ZoneId{0}, "web") == "svc.internal as a whole");
}

TEST_CASE("a service whose names were in another zone served here was acknowledged and never found") {
  std::vector<Zone> all;
  for (const char* apex : {"svc.internal", "web.svc.internal", "_tcp.lab.internal", "lab.internal",
                           "a.api.svc.internal", "_x._sub._db._udp.svc.internal", "y.z.deep.svc.internal"}) {
    all.push_back(make_zone(apex));
  }
  const Zones zones(std::move(all));
  CHECK(taken(zones, ZoneId{0}, "web") == "web.svc.internal in web.svc.internal");
  CHECK(taken(zones, ZoneId{0}, "www") == "none");
  CHECK(taken(zones, ZoneId{1}, "web") == "none");
  CHECK(taken(zones, ZoneId{3}, "any") == "_any._tcp.lab.internal in _tcp.lab.internal");
  CHECK(zones.may_have_names_below({ZoneId{0}, "www"}));
  CHECK_FALSE(zones.may_have_names_below({ZoneId{1}, "www"}));
  CHECK(taken(zones, ZoneId{0}, "api") == "none");
  CHECK(taken_below(zones, "api", "a") == "a.api.svc.internal in a.api.svc.internal");
  CHECK(taken_below(zones, "api", "a", Below::tag) == "a.api.svc.internal in a.api.svc.internal");
  CHECK(taken_below(zones, "api", "b") == "none");
  CHECK(taken_below(zones, "db", "x") == "none");
  CHECK(taken_below(zones, "db", "x", Below::tag) == "_x._sub._db._udp.svc.internal in _x._sub._db._udp.svc.internal");
  CHECK(taken_below(zones, "deep", "z") == "none");  // the other zone is further down
}

TEST_CASE("a reload replaces the records of every zone, and keeps who they are") {
  Zones zones(nested_zones());
  CHECK(taken(zones, ZoneId{1}, "www") == "none");
  std::vector<Zone> next = nested_zones();
  next[1] = make_zone("svc.example", std::string(k_zone_text) + "www IN A 192.0.2.1\n", {.ttl_seconds = 7});
  zones.replace(std::move(next));
  CHECK(taken(zones, ZoneId{1}, "www") == "www.svc.example");
  CHECK(taken(zones, ZoneId{0}, "www") == "none");
  CHECK(zones.find("svc.example") == ZoneId{1});
  const rcu::ReadLock lock;
  CHECK(zones.table().zones()[1].policy.ttl_seconds == 7);
  CHECK(zones.table().zones()[1].id == ZoneId{1});
}

}  // namespace
}  // namespace rollcall::answer
