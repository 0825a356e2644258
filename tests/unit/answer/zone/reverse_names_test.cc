// Addresses and the names they have below in-addr.arpa and ip6.arpa; PTR of instances in a reverse zone.
#include "answer/zone/reverse_names.h"

#include <memory>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

std::string name_of(std::string_view address) { return reverse_name(*IpAddress::parse(address)).text(); }

std::string address_of(std::string_view name) {
  dns::QuestionName question;
  REQUIRE(question.read(dns::Name::parse(name).value().wire()));
  const auto address = parse_reverse(question);
  return address ? address->text() : "none";
}

std::string v6_name(std::string_view first, std::size_t zeros, std::string_view rest) {
  std::string name(first);
  for (std::size_t i = 0; i < zeros; ++i) name += "0.";
  return name + std::string(rest);
}

TEST_CASE("an IPv4 address has its octets for labels, the last one first (RFC 1035 3.5)") {
  CHECK(name_of("192.0.2.10") == "10.2.0.192.in-addr.arpa.");
  CHECK(address_of("10.2.0.192.in-addr.arpa") == "192.0.2.10");
  CHECK(address_of("10.2.0.192.IN-ADDR.Arpa") == "192.0.2.10");
  CHECK(address_of("255.255.255.255.in-addr.arpa") == "255.255.255.255");
  CHECK(address_of("0.0.0.0.in-addr.arpa") == "0.0.0.0");
}

TEST_CASE("an IPv6 address has its nibbles for labels, the last one first (RFC 3596 2.5)") {
  const std::string name = v6_name("b.a.", 22, "8.b.d.0.1.0.0.2.ip6.arpa.");
  CHECK(name_of("2001:db8::ab") == name);
  CHECK(address_of(name) == "2001:db8::ab");
  CHECK(address_of(v6_name("B.A.", 22, "8.B.D.0.1.0.0.2.IP6.ARPA.")) == "2001:db8::ab");
}

TEST_CASE("what is no whole address, or written otherwise, stands for none") {
  for (const char* name :
       {"2.0.192.in-addr.arpa", "1.10.2.0.192.in-addr.arpa", "010.2.0.192.in-addr.arpa", "256.2.0.192.in-addr.arpa",
        "1x.2.0.192.in-addr.arpa", "a.2.0.192.in-addr.arpa", "-1.2.0.192.in-addr.arpa", "10.2.0.192.in-addr.test",
        "in-addr.arpa", "10.2.0.192.ip6.arpa", "00.2.0.192.in-addr.arpa"}) {
    INFO(name);
    CHECK(address_of(name) == "none");
  }
  CHECK(address_of(v6_name("", 31, "ip6.arpa.")) == "none");
  CHECK(address_of(v6_name("", 33, "ip6.arpa.")) == "none");
  CHECK(address_of(v6_name("g.", 31, "ip6.arpa.")) == "none");
  CHECK(address_of(v6_name("00.", 31, "ip6.arpa.")) == "none");
}

TEST_CASE("names at and below in-addr.arpa and ip6.arpa are reverse, others are not") {
  for (const char* name : {"in-addr.arpa", "ip6.arpa", "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.Ip6.Arpa"}) {
    CHECK(is_reverse(*dns::Name::parse(name)));
  }
  for (const char* name : {"arpa", "in-addr.test", "xin-addr.arpa", "svc.internal", "."}) {
    CHECK_FALSE(is_reverse(*dns::Name::parse(name)));
  }
}

// --- In a reverse zone ---

std::vector<Zone> zones_with_reverse() {
  std::vector<Zone> zones;
  zones.push_back(make_zone("svc.internal"));
  zones.push_back(make_zone("2.0.192.in-addr.arpa", R"(
$TTL 60
@    1   IN  SOA  ns.svc.internal. hostmaster 1 10 5 1h 1
@        IN  NS   ns.svc.internal.
53       IN  PTR  ns.svc.internal.
)",
                            {.ttl_seconds = 30}));
  return zones;
}

struct ReverseWorld {
  static AnswerPolicy policy_of(const registry::ServiceRef&) { return {}; }

  void add(const Entry& entry) {
    const registry::Change change = registry::Register{registration_of(entry)};
    REQUIRE(registry.apply(std::span(&change, 1), clock, wall).front());
  }
  void remove(const std::string& id) {
    const registry::Change change = registry::Deregister{{{registry::ZoneId{0}, "web"}, id}};
    REQUIRE(registry.apply(std::span(&change, 1), clock, wall).front());
  }
  Answered ask(const std::string& name, Type type = Type::ptr) {
    const Ask ask{.name = name, .type = type};
    const std::size_t size = responder.respond(query_of(ask), Transport::udp, clock.now(), room, worker);
    return read_answer(ask, Bytes(room).first(size));
  }

  registry::testing::MemoryJournal journal;
  Zones zones{zones_with_reverse()};
  Roster roster{zones, &policy_of};
  registry::ManualClock clock;
  registry::WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  registry::Registry registry{journal, roster, zones, 1h};
  Responder responder{zones, roster, {.udp_payload = 1232}};
  WorkerState worker;
  std::vector<std::uint8_t> room = std::vector<std::uint8_t>(1232);
};

TEST_CASE("an address of two instances has two PTR, and none when both have gone") {
  ReverseWorld world;
  world.add({.id = "i-1", .addresses = {"192.0.2.1"}});
  world.add({.id = "i-2", .addresses = {"192.0.2.1", "192.0.2.2"}});
  CHECK(sorted(rdata_ends(world.ask("1.2.0.192.in-addr.arpa").answer)) ==
        Records{"i-1.web.svc.internal.", "i-2.web.svc.internal."});
  CHECK(rdata_ends(world.ask("2.2.0.192.in-addr.arpa").answer) == Records{"i-2.web.svc.internal."});
  world.remove("i-2");
  CHECK(rdata_ends(world.ask("1.2.0.192.in-addr.arpa").answer) == Records{"i-1.web.svc.internal."});
  CHECK(world.ask("2.2.0.192.in-addr.arpa").rcode == "NXDOMAIN");
  world.remove("i-1");
  CHECK(world.ask("1.2.0.192.in-addr.arpa").rcode == "NXDOMAIN");
}

TEST_CASE("an instance that moves to another address leaves the old one") {
  ReverseWorld world;
  world.add({.id = "i-1", .addresses = {"192.0.2.1"}});
  world.add({.id = "i-1", .addresses = {"192.0.2.7"}});
  CHECK(world.ask("1.2.0.192.in-addr.arpa").rcode == "NXDOMAIN");
  CHECK(rdata_ends(world.ask("7.2.0.192.in-addr.arpa").answer) == Records{"i-1.web.svc.internal."});
}

TEST_CASE("a PTR lives no longer than the shortest lease at its address, and ends with it") {
  ReverseWorld world;
  world.add({.id = "i-1", .addresses = {"192.0.2.1"}, .ttl = 20s});
  world.add({.id = "i-2", .addresses = {"192.0.2.1"}, .ttl = 10s});
  CHECK(ttl_of(world.ask("1.2.0.192.in-addr.arpa").answer) == 10);
  world.clock.advance(10s);
  CHECK(rdata_ends(world.ask("1.2.0.192.in-addr.arpa").answer) == Records{"i-1.web.svc.internal."});
  CHECK(ttl_of(world.ask("1.2.0.192.in-addr.arpa").answer) == 10);
  world.clock.advance(10s);
  CHECK(world.ask("1.2.0.192.in-addr.arpa").rcode == "NXDOMAIN");
}

TEST_CASE("what the reverse zone's file says of an address stands, and other types of it are NODATA") {
  ReverseWorld world;
  world.add({.id = "i-1", .addresses = {"192.0.2.53", "192.0.2.1"}});
  CHECK(rdata_ends(world.ask("53.2.0.192.in-addr.arpa").answer) == Records{"ns.svc.internal."});
  CHECK(world.ask("1.2.0.192.in-addr.arpa", Type::txt).rcode == "NOERROR");
  CHECK(world.ask("1.2.0.192.in-addr.arpa", Type::txt).answer.empty());
}

}  // namespace
}  // namespace rollcall::answer
