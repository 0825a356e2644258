// What GET /v1/explain says of an answer: which rule made it, and why everybody else is not in it.
#include "answer/explain/explain.h"

#include <algorithm>
#include <set>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;
using registry::Protocol;

constexpr std::string_view k_explained_zone = R"(
$TTL 60
@    1   IN  SOA  ns hostmaster 1 10 5 1h 1
@        IN  NS   ns
ns       IN  A    192.0.2.53
fixed    IN  A    203.0.113.7
alias    IN  CNAME fixed
to-web   IN  CNAME web
away     IN  CNAME www.example.org.
*.wild   IN  A    203.0.113.8
a.deep   IN  A    203.0.113.9
below    IN  DNAME fixed
child    IN  NS   ns.child
ns.child IN  A    203.0.113.53
)";

Explained explain(World& world, std::string_view name, Type type = Type::a, std::size_t udp_payload = 1232) {
  const rcu::ReadLock lock;
  const Explainer explainer(world.zones, world.roster, udp_payload);
  return explainer.explain(*dns::Name::parse(name), type, world.clock.now(), world.wall);
}

void change(World& world, registry::Change change) {
  if (!world.registry.apply(std::span(&change, 1), world.clock, world.wall).front()) {
    throw std::runtime_error("a change of the test is refused");
  }
}
registry::InstanceKey key_of(const std::string& id) { return {{registry::ZoneId{0}, "web"}, id}; }

// "i-2 draining"
std::vector<std::string> left_out(const Explained& explained) {
  std::vector<std::string> lines;
  for (const Omission& one : explained.left_out) lines.push_back(one.id + ' ' + std::string(to_text(one.reason)));
  return lines;
}
std::string detail(const Explained& explained) { return explained.left_out.at(0).detail; }

// "web.svc.internal. 1 A 192.0.2.1", as read_answer has it.
std::vector<std::string> lines(const std::vector<ExplainedRecord>& records) {
  std::vector<std::string> all;
  for (const ExplainedRecord& record : records) {
    all.push_back(record.name + ' ' + std::to_string(record.ttl) + ' ' + record.type + ' ' + record.data);
  }
  return all;
}

std::string rule(World& world, std::string_view name, Type type = Type::a) {
  return std::string(to_text(explain(world, name, type).rule));
}

TEST_CASE("each name is explained by the rule that answers it") {
  World world({}, 1232, k_explained_zone);
  world.add({.tags = {"blue"}});
  CHECK(rule(world, "web.svc.internal") == "service");
  CHECK(rule(world, "_web._tcp.svc.internal", Type::srv) == "service");
  CHECK(rule(world, "_web._tcp.svc.internal", Type::ptr) == "dns_sd");
  CHECK(rule(world, "blue.web.svc.internal") == "tag");
  CHECK(rule(world, "i-1.web.svc.internal") == "instance");
  CHECK(rule(world, "i-1._web._tcp.svc.internal", Type::txt) == "instance");
  CHECK(rule(world, "_blue._sub._web._tcp.svc.internal", Type::ptr) == "subtype");
  CHECK(rule(world, "_services._dns-sd._udp.svc.internal", Type::ptr) == "dns_sd");
  CHECK(rule(world, "b._dns-sd._udp.svc.internal", Type::ptr) == "dns_sd");
  CHECK(rule(world, "fixed.svc.internal") == "static");
  CHECK(rule(world, "fixed.svc.internal", Type::mx) == "static");
  CHECK(rule(world, "x.wild.svc.internal") == "wildcard");
  CHECK(rule(world, "deep.svc.internal") == "empty_non_terminal");
  CHECK(rule(world, "_tcp.svc.internal") == "empty_non_terminal");
  CHECK(rule(world, "alias.svc.internal") == "cname");
  CHECK(rule(world, "x.below.svc.internal") == "dname");
  CHECK(rule(world, "host.child.svc.internal") == "delegation");
  CHECK(rule(world, "nobody.svc.internal") == "nothing");
  CHECK(rule(world, "x.y.web.svc.internal") == "nothing");
  CHECK(rule(world, "www.example.org") == "outside");
}

TEST_CASE("a name in none of our zones is refused, and that is explained") {
  World world;
  const Explained foreign = explain(world, "www.example.org");
  CHECK(foreign.rcode == dns::Rcode::refused);
  CHECK(foreign.zone.empty());
  CHECK(foreign.error.value().code == 20);
  CHECK(foreign.sentence == "www.example.org is in none of the zones served here.");
}

TEST_CASE("an alias is explained name by name, to the service it leads to") {
  World world({}, 1232, k_explained_zone);
  world.add_all({{}, {.id = "i-2", .addresses = {"2001:db8::2"}}});
  const Explained explained = explain(world, "to-web.svc.internal");
  REQUIRE(explained.answer.size() == 2);
  CHECK(explained.answer[0].rule == Rule::cname);
  CHECK(explained.answer[0].instances.empty());
  CHECK(explained.answer[1].rule == Rule::service);
  CHECK(explained.answer[1].instances == Records{"i-1"});
  CHECK(explained.way.size() == 2);
  CHECK(explained.service == "web");
  CHECK(left_out(explained) == Records{"i-2 no_address"});
  CHECK(explained.sentence ==
        "to-web.svc.internal is an alias in the zone file of svc.internal; web.svc.internal is the service web: 1 of "
        "its 2 instances is in the answer to A.");
  const Explained away = explain(world, "away.svc.internal");
  CHECK(away.way.back().rule == Rule::outside);
  CHECK(away.answer.size() == 1);
}

TEST_CASE("critical instances of a protected service are in the answer, and the answer says that it is stale") {
  World world({.protect_permille = 500, .protect_for = 60s});
  world.add({.id = "i-1", .addresses = {"192.0.2.1"}});
  world.add({.id = "i-2", .addresses = {"192.0.2.2"}});
  world.add({.id = "i-3", .addresses = {"192.0.2.3"}});
  change(world, registry::SetHealth{key_of("i-1"), {}, true, "no answer"});
  change(world, registry::SetHealth{key_of("i-2"), {}, true, "no answer"});
  const Explained explained = explain(world, "web.svc.internal");
  CHECK(explained.answer.size() == 3);
  CHECK(left_out(explained).empty());
  REQUIRE(explained.error);
  CHECK(explained.error->code == 3);
}

TEST_CASE("who drains or is critical is left out, since when and with what the check said") {
  World world;
  world.add_all({{}, {.id = "i-2"}, {.id = "i-3"}});
  change(world, registry::SetDraining{key_of("i-2")});
  world.wall += 5s;
  change(world, registry::SetHealth{key_of("i-3"), {}, true, "connection refused"});
  const Explained explained = explain(world, "web.svc.internal", Type::srv);
  CHECK(left_out(explained) == Records{"i-2 draining", "i-3 critical"});
  CHECK(detail(explained) == "draining since 2026-03-01T00:00:00.000Z");
  CHECK(explained.left_out.at(1).detail == "critical since 2026-03-01T00:00:05.000Z: connection refused");
  CHECK(explained.left_out.at(1).since == world.wall);
  CHECK(explained.instances == 3);
  CHECK(explained.answered == 1);
  // It has not left its own name.
  CHECK(explain(world, "i-2.web.svc.internal").left_out.empty());
}

TEST_CASE("whose lease has ended is left out before it is swept, with the instant") {
  World world;
  world.add_all({{.ttl = 2s}, {.id = "i-2", .ttl = 60s}});
  world.pass(3s);
  world.wall += 3s;
  const Explained explained = explain(world, "web.svc.internal");
  CHECK(left_out(explained) == Records{"i-1 lease_ended"});
  CHECK(detail(explained) == "its lease ended at 2026-03-01T00:00:02.000Z");
  const Explained own = explain(world, "i-1.web.svc.internal");
  CHECK(own.rcode == dns::Rcode::nxdomain);
  CHECK(own.sentence ==
        "i-1.web.svc.internal is the instance i-1 of the service web, and not in the answer: its lease ended at "
        "2026-03-01T00:00:02.000Z.");
}

TEST_CASE("A and AAAA have the best priority alone, and one family") {
  World world;
  world.add_all({{}, {.id = "i-2"}, {.id = "i-3", .priority = 5}, {.id = "i-4", .addresses = {"2001:db8::4"}}});
  const Explained explained = explain(world, "web.svc.internal");
  CHECK(left_out(explained) == Records{"i-3 lower_priority", "i-4 no_address"});
  CHECK(detail(explained) == "its priority is 5, and 3 instances are ready with the better 1");
  CHECK(explained.left_out.at(1).detail == "it has no IPv4 address");
  CHECK(explain(world, "web.svc.internal", Type::srv).left_out.empty());
  CHECK(left_out(explain(world, "web.svc.internal", Type::any)) == left_out(explained));
}

TEST_CASE("other tags, other protocols and other types are reasons") {
  World world;
  world.add_all({{.tags = {"blue"}}, {.id = "i-2", .protocol = Protocol::udp}});
  CHECK(left_out(explain(world, "blue.web.svc.internal")) == Records{"i-2 other_tag"});
  CHECK(left_out(explain(world, "_web._tcp.svc.internal", Type::srv)) == Records{"i-2 other_protocol"});
  CHECK(left_out(explain(world, "_web._tcp.svc.internal", Type::ptr)) == Records{"i-2 other_protocol"});
  CHECK(left_out(explain(world, "_blue._sub._web._tcp.svc.internal", Type::ptr)) == Records{"i-2 other_tag"});
  const Explained mx = explain(world, "web.svc.internal", Type::mx);
  CHECK(left_out(mx) == Records{"i-1 other_type", "i-2 other_type"});
  CHECK(detail(mx) == "names of this kind have no MX records");
}

TEST_CASE("who does not speak TLS has no HTTPS record, and is told why") {
  World world;
  world.add_all({{.id = "i-1", .meta = {{"alpn", "h2"}}}, {.id = "i-2"}});
  const Explained explained = explain(world, "web.svc.internal", Type::https);
  CHECK(left_out(explained) == Records{"i-2 no_tls"});
  CHECK(detail(explained) == "its meta.alpn names nothing that a tcp instance speaks over TLS: h2, h3 or http/1.1");
}

TEST_CASE("who is over the answer limit has only not been drawn") {
  World world({.answer_limit = 2});
  for (int i = 1; i <= 5; ++i) {
    const std::string number = std::to_string(i);
    world.add({.id = "i-" + number, .addresses = {"192.0.2." + number}, .meta = {{"alpn", "h2"}}});
  }
  for (const Type type : {Type::a, Type::srv, Type::https}) {
    const Explained explained = explain(world, "web.svc.internal", type);
    CHECK(explained.answer.size() == 2);
    REQUIRE(explained.left_out.size() == 3);
    CHECK(explained.left_out.front().reason == Reason::over_answer_limit);
    CHECK(detail(explained) == "an answer has 2 of what 5 instances have to offer, drawn anew each time");
  }
}

TEST_CASE("who does not fit into the largest message is left out, and a datagram says it is truncated") {
  World world;
  std::vector<Entry> entries;
  for (int i = 0; i < 1'500; ++i) {
    entries.push_back({.id = "an-instance-with-a-long-name-" + std::to_string(1'000 + i)});
  }
  world.add_all(entries);
  const Explained explained = explain(world, "web.svc.internal", Type::srv);
  CHECK(explained.truncated);
  CHECK(explained.truncated_over_udp);
  CHECK(explained.error.value().text == k_cut_short.text);
  CHECK(explained.left_out.front().reason == Reason::did_not_fit);
  CHECK(explained.answer.size() + explained.left_out.size() + explained.left_out_more == 1'500);
  CHECK(explained.bytes <= limits::k_message_bytes_max);
  const Explained address = explain(world, "web.svc.internal");
  CHECK_FALSE(address.truncated_over_udp);
  CHECK(address.answer.size() == 1);
  CHECK(address.answer.front().instances.size() == 1'500);
}

TEST_CASE("no more than a page of those left out is shown, and the rest is counted") {
  World world;
  std::vector<Entry> entries;
  for (std::size_t i = 0; i <= limits::k_explained_left_out_max; ++i)
    entries.push_back({.id = "i" + std::to_string(i)});
  world.add_all(entries);
  const Explained page = explain(world, "web.svc.internal", Type::aaaa);
  CHECK(page.left_out.size() == limits::k_explained_left_out_max);
  CHECK(page.left_out_more == 1);
  world.remove("web", "i0");
  CHECK(explain(world, "web.svc.internal", Type::aaaa).left_out_more == 0);
}

TEST_CASE("to explain is not to answer: a drain waits for nobody, and no answer is counted") {
  World world;
  world.add({});
  const registry::ServiceRef web{registry::ZoneId{0}, "web"};
  const registry::LeaseTime before = world.roster.answered_until(web, world.clock.now());
  for (const Type type : {Type::a, Type::srv, Type::ptr, Type::any}) {
    CHECK(explain(world, "web.svc.internal", type).rcode == dns::Rcode::noerror);
    CHECK(explain(world, "_web._tcp.svc.internal", type).rcode == dns::Rcode::noerror);
  }
  CHECK(world.roster.answered_until(web, world.clock.now()) == before);
  CHECK(world.ask("web.svc.internal", Type::a).rcode == "NOERROR");
  CHECK(world.roster.answered_until(web, world.clock.now()) > std::max(before, world.clock.now()));
}

TEST_CASE("what is explained is what is answered, in every section") {
  World world({}, 1232, k_explained_zone);
  world.add(
      {.addresses = {"192.0.2.1", "2001:db8::1"}, .tags = {"blue"}, .meta = {{"alpn", "h2"}, {"version", "1.2"}}});
  for (const auto& [name, type] :
       std::initializer_list<std::pair<const char*, Type>>{{"web.svc.internal", Type::a},
                                                           {"web.svc.internal", Type::srv},
                                                           {"web.svc.internal", Type::https},
                                                           {"web.svc.internal", Type::mx},
                                                           {"i-1.web.svc.internal", Type::txt},
                                                           {"_web._tcp.svc.internal", Type::ptr},
                                                           {"svc.internal", Type::soa},
                                                           {"svc.internal", Type::ns},
                                                           {"svc.internal", Type::any},
                                                           {"host.child.svc.internal", Type::a},
                                                           {"x.below.svc.internal", Type::a},
                                                           {"alias.svc.internal", Type::a},
                                                           {"nobody.svc.internal", Type::a},
                                                           {"x.wild.svc.internal", Type::a},
                                                           {"_services._dns-sd._udp.svc.internal", Type::ptr}}) {
    INFO(name);
    const Explained explained = explain(world, name, type);
    const Answered answered = world.ask({.name = name, .type = type, .payload = 4096, .transport = Transport::tcp});
    CHECK(dns::rcode_text(explained.rcode) == answered.rcode);
    CHECK(explained.authoritative == (answered.flags.find("aa") != std::string::npos));
    CHECK(sorted(lines(explained.answer)) == sorted(answered.answer));
    CHECK(sorted(lines(explained.authority)) == sorted(answered.authority));
    CHECK(sorted(lines(explained.additional)) == sorted(answered.additional));
    CHECK(explained.bytes == answered.size);
  }
}

// --- For random rolls ---

Entry random_entry(Random& random, int number) {
  Entry entry{.id = "i-" + std::to_string(number), .addresses = {}};
  entry.priority = static_cast<std::uint16_t>(random.below(2));
  entry.weight = static_cast<std::uint16_t>(random.below(3));
  if (random.below(2) == 0) entry.tags = {"blue"};
  if (random.below(3) == 0) entry.protocol = Protocol::udp;
  if (random.below(3) > 0) entry.addresses.push_back("192.0.2." + std::to_string(1 + random.below(4)));
  if (entry.addresses.empty() || random.below(2) == 0) {
    entry.addresses.push_back("2001:db8::" + std::to_string(1 + random.below(4)));
  }
  entry.ttl = std::chrono::seconds(1 + random.below(3));
  return entry;
}

void check_everybody_is_somewhere(const Explained& explained, std::size_t total) {
  std::set<std::string> in;
  std::set<std::string> out;
  for (const ExplainedRecord& record : explained.answer) {
    CHECK_FALSE(record.instances.empty());
    in.insert(record.instances.begin(), record.instances.end());
  }
  for (const Omission& one : explained.left_out) {
    CHECK(out.insert(one.id).second);
    CHECK_FALSE(in.contains(one.id));
    CHECK_FALSE(one.detail.empty());
  }
  CHECK(in.size() == explained.answered);
  CHECK(in.size() + out.size() == total);
}

TEST_CASE("of any roll each instance is in the answer or has a reason, and never both") {
  Random random(20260301);
  for (int round = 0; round < 300; ++round) {
    World world({.answer_limit = random.below(2) * 2});
    const int count = 1 + static_cast<int>(random.below(8));
    for (int i = 0; i < count; ++i) world.add(random_entry(random, i));
    for (int i = 0; i < count; ++i) {
      const auto key = key_of("i-" + std::to_string(i));
      if (random.below(5) == 0) change(world, registry::SetDraining{key});
      if (random.below(5) == 0) change(world, registry::SetHealth{key, {}, true, "no"});
    }
    world.pass(std::chrono::milliseconds(random.below(2'500)));
    for (const char* name : {"web.svc.internal", "blue.web.svc.internal", "_web._tcp.svc.internal",
                             "_web._udp.svc.internal", "_blue._sub._web._tcp.svc.internal"}) {
      for (const Type type : {Type::a, Type::aaaa, Type::srv, Type::ptr, Type::https, Type::any, Type::txt}) {
        const Explained explained = explain(world, name, type);
        if (explained.rule == Rule::nothing) continue;
        INFO(name << ' ' << static_cast<unsigned>(type) << " round " << round);
        const bool is_over_limit = std::ranges::any_of(
            explained.left_out, [](const Omission& one) { return one.reason == Reason::over_answer_limit; });
        if (is_over_limit) CHECK(world.policy.answer_limit > 0);
        CHECK(std::ranges::none_of(explained.left_out,
                                   [](const Omission& one) { return one.reason == Reason::did_not_fit; }));
        check_everybody_is_somewhere(explained, static_cast<std::size_t>(count));
      }
    }
  }
}

}  // namespace
}  // namespace rollcall::answer
