// What records of the zone file that point at the roll bring along.
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer::testing {
namespace {

using dns::Type;

constexpr std::string_view k_pointing = R"(
$TTL 60
@        1 IN  SOA   ns hostmaster 1 10 5 1h 1
@          IN  NS    ns
@          IN  MX    10 web
ns         IN  A     192.0.2.53
srv        IN  SRV   0 0 25 web
svcb       IN  SVCB  0 web
https      IN  HTTPS 1 web alpn=h2
afsdb      IN  AFSDB 1 web
rt         IN  RT    1 web
kx         IN  KX    1 web
mb         IN  MB    web
tag        IN  MX    10 blue.web
instance   IN  MX    10 i-1.web
proto      IN  MX    10 _web._tcp
gone       IN  MX    10 nobody.web
twice      IN  MX    10 web
twice      IN  MX    20 WEB
sub        IN  NS    web
sub        IN  NS    ns.sub
ns.sub     IN  A     192.0.2.99
)";

const Type k_types_with_targets[] = {Type::srv, Type::svcb, Type::https, Type::afsdb, Type::rt, Type::kx, Type::mb};
constexpr std::string_view k_owners[] = {"srv", "svcb", "https", "afsdb", "rt", "kx", "mb"};

TEST_CASE("a static record that points at a service brings its addresses (RFC 1035 3.3.9, RFC 2782, RFC 9460 4.2)") {
  World world({}, 1232, k_pointing);
  world.add({.addresses = {"192.0.2.1", "2001:db8::1"}});
  const Records expected = {"web.svc.internal. 1 A 192.0.2.1", "web.svc.internal. 1 AAAA 2001:db8::1"};
  CHECK(world.ask("svc.internal", Type::mx).additional == expected);
  CHECK(world.ask_tcp("svc.internal", Type::mx).additional == expected);
  for (std::size_t i = 0; i < std::size(k_owners); ++i) {
    CAPTURE(k_owners[i]);
    const std::string name = std::string(k_owners[i]) + ".svc.internal";
    CHECK(world.ask(name, k_types_with_targets[i]).additional == expected);
    CHECK(world.ask_tcp(name, k_types_with_targets[i]).additional == expected);
  }
}

TEST_CASE("names of the zone file below a service kept its addresses out of the additional section") {
  World world({}, 1232, std::string(k_pointing) + "_acme-challenge.web IN TXT token\n");
  world.add({.addresses = {"192.0.2.1"}});
  const Records expected = {"web.svc.internal. 1 A 192.0.2.1"};
  CHECK(world.ask("svc.internal", Type::mx).additional == expected);
  CHECK(world.ask_tcp("https.svc.internal", Type::https).additional == expected);
  CHECK(world.ask("a.sub.svc.internal", Type::a).additional ==
        Records{"ns.sub.svc.internal. 60 A 192.0.2.99", "web.svc.internal. 1 A 192.0.2.1"});
}

TEST_CASE("a tag and an instance are pointed at as a service is, names without addresses bring nothing") {
  World world({}, 1232, k_pointing);
  world.add_all(
      {{.id = "i-1", .addresses = {"192.0.2.1"}}, {.id = "i-2", .addresses = {"192.0.2.2"}, .tags = {"blue"}}});
  CHECK(world.ask("tag.svc.internal", Type::mx).additional == Records{"blue.web.svc.internal. 1 A 192.0.2.2"});
  CHECK(world.ask("instance.svc.internal", Type::mx).additional == Records{"i-1.web.svc.internal. 1 A 192.0.2.1"});
  CHECK(world.ask("proto.svc.internal", Type::mx).additional.empty());
  CHECK(world.ask("gone.svc.internal", Type::mx).additional.empty());
  CHECK(world.ask("twice.svc.internal", Type::mx).additional.size() == 2);
}

TEST_CASE("a delegation to a service brings its addresses beside the glue") {
  World world({}, 1232, k_pointing);
  world.add({});
  CHECK(sorted(world.ask("x.sub.svc.internal", Type::a).additional) ==
        Records{"ns.sub.svc.internal. 60 A 192.0.2.99", "web.svc.internal. 1 A 192.0.2.1"});
}

TEST_CASE("no cache keeps an additional address for longer than its lease") {
  AnswerPolicy policy;
  policy.ttl_seconds = 30;
  World world(policy, 1232, k_pointing);
  world.add_all({{.id = "i-1", .ttl = 10s}, {.id = "i-2", .addresses = {"192.0.2.2"}, .ttl = 60s}});
  CHECK(ttl_of(world.ask("svc.internal", Type::mx).additional) == 10);
  CHECK(ttl_of(world.ask("instance.svc.internal", Type::mx).additional) == 10);
  world.pass(7500ms);
  CHECK(ttl_of(world.ask("svc.internal", Type::mx).additional) == 2);
  world.pass(2500ms);
  CHECK(world.ask("svc.internal", Type::mx).additional == Records{"web.svc.internal. 30 A 192.0.2.2"});
  CHECK(world.ask("instance.svc.internal", Type::mx).additional.empty());
}

TEST_CASE("addresses that do not fit over UDP are left out without TC, and come over TCP") {
  World world({}, 512, k_pointing);
  std::vector<Entry> entries;
  for (int i = 1; i <= 100; ++i) {
    entries.push_back({.id = "i-" + std::to_string(i), .addresses = {"192.0.2." + std::to_string(i)}});
  }
  world.add_all(entries);
  const Answered over_udp = world.ask("svc.internal", Type::mx);
  CHECK(over_udp.additional.empty());
  CHECK_FALSE(over_udp.truncated);
  CHECK(world.ask_tcp("svc.internal", Type::mx).additional.size() == 100);
}

TEST_CASE("additional addresses keep the answer limit of their service") {
  AnswerPolicy policy;
  policy.answer_limit = 1;
  World world(policy, 1232, k_pointing);
  world.add_all({{.id = "i-1"}, {.id = "i-2", .addresses = {"192.0.2.2"}}});
  CHECK(world.ask("svc.internal", Type::mx).additional.size() == 1);
}

}  // namespace
}  // namespace rollcall::answer::testing
