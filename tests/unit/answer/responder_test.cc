// Whole answers: where the roll and the zone file meet, and what holds for every answer.
#include "answer/responder.h"

#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

constexpr std::string_view k_mixed_zone = R"(
$TTL 60
@      1   IN SOA   ns hostmaster 1 10 5 1h 1
@          IN NS    ns
ns         IN A     192.0.2.53
www        IN CNAME web
far        IN CNAME www
_tcp       IN TXT   "of the zone file"
*          IN A     192.0.2.99
)";

TEST_CASE("an alias in the zone file leads to a service") {
  World world({}, 1232, k_mixed_zone);
  world.add({.addresses = {"192.0.2.1"}, .tags = {"blue"}});
  const Answered a = world.ask("far.svc.internal", Type::a);
  CHECK(a.answer == Records{"far.svc.internal. 60 CNAME www.svc.internal.",
                            "www.svc.internal. 60 CNAME web.svc.internal.", "web.svc.internal. 1 A 192.0.2.1"});
  CHECK(world.ask("www.svc.internal", Type::srv).answer.size() == 2);
  CHECK(world.ask("www.svc.internal", Type::srv).additional == Records{"i-1.web.svc.internal. 1 A 192.0.2.1"});
  const Answered aaaa = world.ask("www.svc.internal", Type::aaaa);
  CHECK(aaaa.rcode == "NOERROR");
  CHECK(aaaa.answer.size() == 1);
  CHECK(aaaa.authority.size() == 1);
}

TEST_CASE("a question for ANY ended at the alias a DNAME makes, whatever its target") {  // RFC 6672 §3.2
  World world({}, 1232, R"(
$TTL 60
@      1   IN SOA   ns hostmaster 1 10 5 1h 1
@          IN NS    ns
ns         IN A     192.0.2.53
old        IN DNAME new
a.new      IN A     192.0.2.1
)");
  CHECK(world.ask("a.old.svc.internal", Type::any).answer.back() == "a.new.svc.internal. 60 A 192.0.2.1");
  CHECK(world.ask("b.old.svc.internal", Type::any).rcode == "NXDOMAIN");
}

TEST_CASE("a DNAME that an answer's aliases meet again stands in it once") {  // RFC 2181 §5
  World world({}, 1232, R"(
$TTL 60
@      1   IN SOA   ns hostmaster 1 10 5 1h 1
@          IN NS    ns
ns         IN A     192.0.2.53
old        IN DNAME new
a.new      IN CNAME b.old
b.new      IN A     192.0.2.1
round      IN DNAME x.round
)");
  CHECK(world.ask("a.old.svc.internal", Type::a).answer ==
        Records{"old.svc.internal. 60 DNAME new.svc.internal.", "a.old.svc.internal. 60 CNAME a.new.svc.internal.",
                "a.new.svc.internal. 60 CNAME b.old.svc.internal.", "b.old.svc.internal. 60 CNAME b.new.svc.internal.",
                "b.new.svc.internal. 60 A 192.0.2.1"});
  const Records endless = world.ask_tcp("a.round.svc.internal", Type::a).answer;
  CHECK(std::ranges::count(endless, "round.svc.internal. 60 DNAME x.round.svc.internal.") == 1);
  CHECK(endless.size() == 1 + limits::k_cname_chain_max + 1);
}

TEST_CASE("a service is closer than a wildcard, and so is nothing below it") {
  World world({}, 1232, k_mixed_zone);
  CHECK(rdata_ends(world.ask("web.svc.internal", Type::a).answer) == Records{"192.0.2.99"});
  world.add({.addresses = {"192.0.2.1"}});
  CHECK(rdata_ends(world.ask("web.svc.internal", Type::a).answer) == Records{"192.0.2.1"});
  CHECK(world.ask("x.web.svc.internal", Type::a).rcode == "NXDOMAIN");
  CHECK(rdata_ends(world.ask("db.svc.internal", Type::a).answer) == Records{"192.0.2.99"});
}

TEST_CASE("what the zone file has at _tcp is answered beside services") {
  World world({}, 1232, k_mixed_zone);
  world.add(Entry{});
  CHECK(world.ask("_tcp.svc.internal", Type::txt).answer == Records{"_tcp.svc.internal. 60 TXT \"of the zone file\""});
  CHECK(world.ask("_tcp.svc.internal", Type::a).rcode == "NOERROR");
  CHECK(world.ask("_tcp.svc.internal", Type::a).answer.empty());
}

// What a secondary says that has transferred the zone: names of the file and of the roll in one tree.
TEST_CASE("names of the zone file below a service were hidden by it") {
  World world({}, 1232, std::string(k_zone_text) + R"(
_grpc_config.web    1 IN TXT "config"
_acme-challenge.web 1 IN TXT "challenge"
_443._tcp.web       1 IN TXT "tlsa"
x.y.web             1 IN TXT "deep"
*.web               1 IN TXT "any of web"
*._web._tcp         1 IN TXT "any of _web"
cut.web             1 IN NS  ns.elsewhere.example.
alias.web           1 IN CNAME web
*                   1 IN TXT "any"
)");
  const auto text = [&](const std::string& name) {
    const Answered reply = world.ask(name + ".svc.internal", Type::txt);
    if (reply.answer.empty()) return reply.rcode;
    return reply.answer.front().substr(reply.answer.front().find('"'));
  };
  const auto check_static_names = [&] {
    CHECK(text("_grpc_config.web") == "\"config\"");
    CHECK(text("_acme-challenge.web") == "\"challenge\"");
    CHECK(text("_443._tcp.web") == "\"tlsa\"");
    CHECK(text("_tcp.web") == "NOERROR");
    CHECK(text("x.y.web") == "\"deep\"");
    CHECK(text("z.y.web") == "NXDOMAIN");  // y.web is closer than the wildcard
    CHECK(text("other.web") == "\"any of web\"");
    CHECK(text("a.b.web") == "\"any of web\"");
    CHECK(text("other._web._tcp") == "\"any of _web\"");
    CHECK(text("other") == "\"any\"");
    CHECK(text("web") == "NOERROR");
    CHECK(world.ask("a.cut.web.svc.internal", Type::a).authority.size() == 1);
  };
  check_static_names();
  CHECK(text("y.web") == "NOERROR");
  world.add_all({{.id = "i-1", .addresses = {"192.0.2.1"}, .tags = {"blue"}}, {.id = "y", .addresses = {"192.0.2.2"}}});
  check_static_names();
  CHECK(rdata_ends(world.ask("web.svc.internal", Type::a).answer).size() == 2);
  CHECK(rdata_ends(world.ask("y.web.svc.internal", Type::a).answer) == Records{"192.0.2.2"});
  CHECK(rdata_ends(world.ask("blue.web.svc.internal", Type::a).answer) == Records{"192.0.2.1"});
  CHECK(rdata_ends(world.ask("alias.web.svc.internal", Type::a).answer).size() == 3);
  CHECK(text("i-1.web") == "\"\"");
  CHECK(text("x.i-1.web") == "NXDOMAIN");  // the roll has closer names than the wildcard
  CHECK(text("x.blue.web") == "NXDOMAIN");
  CHECK(text("x.i-1._web._tcp") == "NXDOMAIN");
  CHECK(text("_sub._web._tcp") == "NOERROR");
  CHECK(text("_other._sub._web._tcp") == "NXDOMAIN");
  world.pass(15s);  // not swept yet
  check_static_names();
  CHECK(text("i-1.web") == "\"any of web\"");
  CHECK(text("y.web") == "NOERROR");
  CHECK(text("x.i-1.web") == "\"any of web\"");
}

TEST_CASE("the domains to browse that a zone file names were hidden by our own") {  // RFC 6763 §11
  World world({}, 1232, std::string(k_zone_text) + "b._dns-sd._udp 60 IN PTR other.example.\n");
  CHECK(rdata_ends(world.ask("b._dns-sd._udp.svc.internal", Type::ptr).answer) == Records{"other.example."});
  CHECK(rdata_ends(world.ask("lb._dns-sd._udp.svc.internal", Type::ptr).answer) == Records{"svc.internal."});
  World delegated({}, 1232, std::string(k_zone_text) + "_udp 60 IN NS ns.other.example.\n");
  for (const char* name : {"_services._dns-sd._udp", "b._dns-sd._udp", "_dns-sd._udp"}) {
    CHECK(delegated.ask(std::string(name) + ".svc.internal", Type::ptr).authority ==
          Records{"_udp.svc.internal. 60 NS ns.other.example."});
  }
}

TEST_CASE("a service without anybody is no NXDOMAIN while the zone file has names below it") {  // RFC 8020
  World world({.when_empty = WhenEmpty::nxdomain}, 1232,
              std::string(k_zone_text) + "_grpc_config.web 1 IN TXT \"config\"\n");
  world.add_all({{.id = "a", .ttl = 1s}, {.service = "db", .id = "a", .ttl = 1s}});
  world.pass(1s);
  CHECK(world.ask("web.svc.internal", Type::a).rcode == "NOERROR");
  CHECK(world.ask("db.svc.internal", Type::a).rcode == "NXDOMAIN");
}

TEST_CASE("an instance's TXT has its meta as key=value strings, one empty string when it has none") {
  World world;
  world.add_all({{.id = "a", .meta = {{"path", "/x"}, {"v", ""}}},
                 {.id = "b"},
                 {.id = "c", .meta = {{"k", std::string(253, 'v')}, {"m", "1"}}}});
  CHECK(world.ask("a.web.svc.internal", Type::txt).answer == Records{"a.web.svc.internal. 1 TXT \"path=/x\" \"v=\""});
  CHECK(world.ask("a._web._tcp.svc.internal", Type::txt).answer.size() == 1);
  CHECK(world.ask("b.web.svc.internal", Type::txt).answer == Records{"b.web.svc.internal. 1 TXT \"\""});
  CHECK(world.ask("c.web.svc.internal", Type::txt).answer ==
        Records{"c.web.svc.internal. 1 TXT \"k=" + std::string(253, 'v') + "\" \"m=1\""});
}

TEST_CASE("ANY at a service is one RRset") {
  World world;
  world.add_all({{.id = "a", .addresses = {"192.0.2.1", "2001:db8::1"}},
                 {.service = "six", .id = "a", .addresses = {"2001:db8::1"}}});
  CHECK(world.ask("web.svc.internal", Type::any).answer == Records{"web.svc.internal. 1 A 192.0.2.1"});
  CHECK(world.ask("six.svc.internal", Type::any).answer == Records{"six.svc.internal. 1 AAAA 2001:db8::1"});
  CHECK(world.ask("_web._tcp.svc.internal", Type::any).answer.size() == 1);
  CHECK(world.ask("a.web.svc.internal", Type::any).answer.size() == 1);
}

TEST_CASE("the name comes back in the case it was asked in, and so do its records") {
  World world;
  world.add(Entry{});
  const Answered answered = world.ask("wEb.SVC.inTERnal", Type::a);
  CHECK(answered.answer == Records{"wEb.SVC.inTERnal. 1 A 192.0.2.1"});
  CHECK(world.ask("I-1.Web.svc.internal", Type::a).answer == Records{"I-1.Web.svc.internal. 1 A 192.0.2.1"});
}

TEST_CASE("the target of SRV has the case of the id") {
  World world;
  world.add({.id = "Node-1"});
  CHECK(world.ask("web.svc.internal", Type::srv).answer ==
        Records{"web.svc.internal. 1 SRV 1 1 8080 Node-1.web.svc.internal."});
}

TEST_CASE("no answer is longer than its room, and every one can be read, whatever is asked") {
  World world({}, 65535, k_mixed_zone);
  std::vector<Entry> entries;
  for (int i = 0; i < 60; ++i) {
    const std::string number = std::to_string(i);
    entries.push_back({.service = i % 3 == 0 ? "web" : "db",
                       .id = std::string(static_cast<std::size_t>(i), 'x') + number,
                       .addresses = {"192.0.2." + number, "2001:db8::" + number, "198.51.100." + number},
                       .priority = static_cast<std::uint16_t>(i % 2),
                       .tags = {"t" + std::to_string(i % 5)},
                       .ttl = std::chrono::seconds(1 + i)});
  }
  world.add_all(entries);
  const std::vector<std::string> names{"web", "db", "t1.db", "_web._tcp", "_tcp",     "",           "www",
                                       "far", "x",  "0.web", "xxx3.web",  "_db._tcp", "nobody.web", "a.b.c.d.e.f"};
  const std::vector<Type> types{Type::a, Type::aaaa, Type::srv, Type::txt, Type::any, Type::ns, Type::soa};
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    if (random.below(100) == 0) world.pass(std::chrono::milliseconds(random.below(800)));
    const std::string& label = names[random.below(static_cast<std::uint32_t>(names.size()))];
    Ask ask{.name = label.empty() ? "svc.internal" : label + ".svc.internal",
            .type = types[random.below(static_cast<std::uint32_t>(types.size()))],
            .transport = random.below(4) == 0 ? Transport::tcp : Transport::udp,
            .id = static_cast<std::uint16_t>(random.next())};
    if (random.below(2) == 0) ask.payload = static_cast<std::uint16_t>(random.below(3000));
    const Answered answered = world.ask(ask);
    const std::size_t offered = std::max<std::size_t>(ask.payload.value_or(512), 512);
    if (ask.transport == Transport::udp) REQUIRE(answered.size <= offered);
    REQUIRE(answered.has_opt == ask.payload.has_value());
    if (answered.truncated) {
      REQUIRE(ask.transport == Transport::udp);
      REQUIRE(answered.additional.empty());
    }
  }
}

TEST_CASE("whatever comes in, what goes out is a reply to it or nothing") {
  World world({}, 1232, k_mixed_zone);
  world.add(Entry{});
  Random random(8);
  const std::vector<std::uint8_t> good = query_of({.name = "web.svc.internal", .type = Type::srv, .payload = 1232});
  int silences = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::vector<std::uint8_t> bytes = good;
    for (std::uint32_t change = random.below(4); change > 0; --change) {
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] = static_cast<std::uint8_t>(random.next());
    }
    if (random.below(4) == 0) bytes.resize(random.below(static_cast<std::uint32_t>(bytes.size()) + 1));
    const Bytes reply = world.respond(bytes);
    if (reply.empty()) {
      ++silences;
      REQUIRE((bytes.size() < 12 || (bytes[2] & 0x80) != 0));
      continue;
    }
    REQUIRE(reply.size() >= 12);
    REQUIRE(reply.size() <= 1232);
    REQUIRE(reply[0] == bytes[0]);
    REQUIRE(reply[1] == bytes[1]);
    REQUIRE((reply[2] & 0x80) != 0);
    REQUIRE((reply[2] & 0x78) == (bytes[2] & 0x78));
  }
  CHECK(silences > 0);
}

}  // namespace
}  // namespace rollcall::answer
