// Answers in the zone of Consul's names.
#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/consul/consul_world.h"

namespace rollcall::answer::testing {
namespace {

using dns::Type;

consul::Attributes with_weights(std::uint16_t passing, std::uint16_t warning) {
  consul::Attributes attributes;
  attributes.weights = {passing, warning};
  return attributes;
}
consul::Attributes on_node(const std::string& name, const std::string& address,
                           std::map<std::string, std::string> meta = {}) {
  consul::Attributes attributes;
  attributes.node =
      consul::ExternalNode{.name = name, .address = address, .id = {}, .meta = std::move(meta), .tagged_addresses = {}};
  return attributes;
}

std::string soa(const Answered& answered) { return answered.authority.empty() ? "" : answered.authority.front(); }
bool is_nodata(const Answered& answered) {
  return answered.rcode == "NOERROR" && answered.answer.empty() &&
         soa(answered).starts_with("consul. 1 SOA ns.consul. postmaster.consul.");
}
bool is_nxdomain(const Answered& answered) {
  return answered.rcode == "NXDOMAIN" && answered.answer.empty() &&
         soa(answered).starts_with("consul. 1 SOA ns.consul. postmaster.consul.");
}

TEST_CASE("an instance of the native API answers under Consul's names") {
  ConsulWorld world;
  world.add(Entry{.addresses = {"192.0.2.1", "2001:db8::1"}, .weight = 7, .tags = {"v1"}});
  for (const char* name :
       {"web.service.consul", "web.service.dc1.consul", "web.service.dc1.dc.consul", "v1.web.service.consul",
        "_web._tcp.service.consul", "_web._v1.service.consul", "_web._tcp.consul", "_web._tcp.dc1.consul"}) {
    CAPTURE(name);
    const Answered a = world.ask(name);
    CHECK(a.answer == Records{std::string(name) + ". 1 A 192.0.2.1"});
    CHECK(a.flags == "qr aa");
    CHECK(world.ask(name, Type::aaaa).answer == Records{std::string(name) + ". 1 AAAA 2001:db8::1"});
    const Answered srv = world.ask(name, Type::srv);
    CHECK(srv.answer == Records{std::string(name) + ". 1 SRV 1 7 8080 c0000201.addr.dc1.consul."});
    CHECK(srv.additional == Records{"c0000201.addr.dc1.consul. 1 A 192.0.2.1"});
  }
  CHECK(world.ask("c0000201.addr.dc1.consul").answer == Records{"c0000201.addr.dc1.consul. 1 A 192.0.2.1"});
}

TEST_CASE("a datacenter is a zone: its services are found there alone") {
  ConsulWorld world;
  world.add(Entry{.zone = registry::ZoneId{1}});
  CHECK(is_nxdomain(world.ask("web.service.consul")));
  CHECK(is_nxdomain(world.ask("web.service.dc1.consul")));
  CHECK(world.ask("web.service.lab.example.consul").answer.size() == 1);
  CHECK(world.ask("web.service.lab.example.dc.consul", Type::srv).answer ==
        Records{"web.service.lab.example.dc.consul. 1 SRV 1 1 8080 c0000201.addr.lab.example.consul."});
  CHECK(is_nxdomain(world.ask("web.service.dc9.consul")));
}

TEST_CASE("the top of the zone has SOA and NS, and its serial moves with the others'") {
  ConsulWorld world;
  const Answered before = world.ask("consul", Type::soa);
  CHECK(before.answer == Records{"consul. 1 SOA ns.consul. postmaster.consul. 2 3600 600 86400 1"});
  CHECK(world.ask("consul", Type::ns).answer == Records{"consul. 1 NS ns.consul."});
  CHECK(world.ask("consul", Type::ns).additional == Records{"ns.consul. 1 A 192.0.2.100"});
  CHECK(world.ask("ns.consul").answer == Records{"ns.consul. 1 A 192.0.2.100"});
  world.zones.set_serial(registry::ZoneId{1}, 5);
  CHECK(world.ask("consul", Type::soa).answer ==
        Records{"consul. 1 SOA ns.consul. postmaster.consul. 6 3600 600 86400 1"});
  CHECK(soa(world.ask("x.consul")) == "consul. 1 SOA ns.consul. postmaster.consul. 6 3600 600 86400 1");
  CHECK(is_nodata(world.ask("consul", Type::ds)));
  CHECK(is_nodata(world.ask("consul", Type::a)));
}

TEST_CASE("what is known and empty is NODATA, what is not known NXDOMAIN") {
  ConsulWorld world;
  world.add(Consul{.tags = {"a.b"}});
  for (const char* name :
       {"service.consul", "dc1.consul", "dc.consul", "addr.consul", "node.consul", "query.consul", "_tcp.consul",
        "_tcp.service.consul", "b.web.service.consul", "_tcp.query.consul", "example.consul"}) {
    CAPTURE(name);
    CHECK(is_nodata(world.ask(name)));
  }
  for (const char* name : {"api.service.consul", "c.web.service.consul", "_web._http.service.consul", "n9.node.consul",
                           "q.query.consul", "web.connect.consul", "a.web.consul"}) {
    CAPTURE(name);
    CHECK(is_nxdomain(world.ask(name)));
  }
  world.remove("web-1");
  CHECK(is_nodata(world.ask("web.service.consul")));
}

TEST_CASE("passing and warning are in, critical, draining and maintenance are out") {
  ConsulWorld world;
  for (const char* id : {"1", "2", "3", "4", "5"}) {
    world.add(Consul{.id = id, .addresses = {std::string("192.0.2.") + id}});
  }
  world.set_check("2", health::CheckStatus::warning);
  world.set_check("3", health::CheckStatus::critical);
  world.set_check("4", health::CheckStatus::critical, "away", health::CheckKind::maintenance);
  world.apply(registry::SetDraining{{{registry::ZoneId{0}, "web"}, "5"}});
  CHECK(sorted(rdata_ends(world.ask("web.service.consul").answer)) == Records{"192.0.2.1", "192.0.2.2"});
  CHECK(world.ask("web.service.consul", Type::srv).answer.size() == 2);
}

TEST_CASE("with only_passing a warning is out") {
  ConsulWorld world({.only_passing = true});
  world.add(Consul{.id = "1", .addresses = {"192.0.2.1"}});
  world.add(Consul{.id = "2", .addresses = {"192.0.2.2"}});
  world.set_check("2", health::CheckStatus::warning);
  CHECK(rdata_ends(world.ask("web.service.consul").answer) == Records{"192.0.2.1"});
  world.set_check("1", health::CheckStatus::warning);
  CHECK(is_nodata(world.ask("web.service.consul")));
}

TEST_CASE("a check that is silent takes its instance out at that instant, and no answer outlives it") {
  ConsulWorld world;
  world.add(Consul{.ttl = 10s});
  CHECK(ttl_of(world.ask("web.service.consul").answer) == 1);
  world.pass(9500ms);
  CHECK(ttl_of(world.ask("web.service.consul").answer) == 0);
  CHECK(ttl_of(world.ask("web.service.consul", Type::srv).answer) == 0);
  world.pass(499ms);
  CHECK(world.ask("web.service.consul").answer.size() == 1);
  world.pass(1ms);
  CHECK(is_nodata(world.ask("web.service.consul")));
  CHECK(is_nodata(world.ask("web.service.consul", Type::srv)));
}

TEST_CASE("weights of passing and warning are the registration's") {
  ConsulWorld world;
  world.add(Consul{.attributes = with_weights(10, 3)});
  CHECK(world.ask("web.service.consul", Type::srv).answer.front().starts_with("web.service.consul. 1 SRV 1 10 8080 "));
  world.set_check("web-1", health::CheckStatus::warning);
  CHECK(world.ask("web.service.consul", Type::srv).answer.front().starts_with("web.service.consul. 1 SRV 1 3 8080 "));
}

TEST_CASE("a service without an address of its own is at its node") {
  ConsulWorld world;
  world.add(Consul{.addresses = {}});
  const Answered srv = world.ask("web.service.consul", Type::srv);
  CHECK(srv.answer == Records{"web.service.consul. 1 SRV 1 1 8080 Node-1.node.dc1.consul."});
  CHECK(srv.additional == Records{"Node-1.node.dc1.consul. 1 A 192.0.2.100"});
  CHECK(rdata_ends(world.ask("web.service.consul").answer) == Records{"192.0.2.100"});
  CHECK(rdata_ends(world.ask("node-1.node.consul").answer) == Records{"192.0.2.100"});
  CHECK(rdata_ends(world.ask("node-1.node.lab.example.consul").answer) == Records{"192.0.2.100"});
  CHECK(is_nodata(world.ask("node-1.node.consul", Type::aaaa)));
  CHECK(is_nodata(world.ask("node-1.node.consul", Type::srv)));
}

TEST_CASE("a node of catalog/register has its address, and its meta as TXT") {
  ConsulWorld world;
  world.add(Consul{.addresses = {},
                   .attributes = on_node("Db.Rack1", "192.0.2.77", {{"rack", "1"}, {"rfc1035-note", "plain"}})});
  CHECK(world.ask("web.service.consul", Type::srv).answer ==
        Records{"web.service.consul. 1 SRV 1 1 8080 Db.Rack1.node.dc1.consul."});
  CHECK(rdata_ends(world.ask("web.service.consul").answer) == Records{"192.0.2.77"});
  CHECK(rdata_ends(world.ask("db.rack1.node.dc1.consul").answer) == Records{"192.0.2.77"});
  CHECK(world.ask("db.rack1.node.consul", Type::txt).answer ==
        Records{"db.rack1.node.consul. 1 TXT \"rack=1\" \"plain\""});
  CHECK(is_nodata(world.ask("rack1.node.consul")));
  CHECK(is_nxdomain(world.ask("db.rack1.node.lab.example.consul")));
  world.add(Consul{.addresses = {}, .attributes = on_node("Db.Rack1", "192.0.2.78")});
  CHECK(rdata_ends(world.ask("db.rack1.node.consul").answer) == Records{"192.0.2.78"});
  world.remove("web-1");
  CHECK(is_nxdomain(world.ask("db.rack1.node.consul")));
}

TEST_CASE("instances of a node whose name is none of the DNS were answered at our own node") {
  ConsulWorld world;
  world.add(Consul{.addresses = {}, .attributes = on_node("n..m", "192.0.2.77")});
  CHECK(rdata_ends(world.ask("web.service.consul").answer) == Records{"192.0.2.77"});
  CHECK(rdata_ends(world.ask("web.service.consul", Type::srv).answer) == Records{"c000024d.addr.dc1.consul."});
  world.add(Consul{.addresses = {}, .attributes = on_node(std::string(200, 'x'), "db.example.com")});
  CHECK(rdata_ends(world.ask("web.service.consul").answer) == Records{"db.example.com."});
  CHECK(rdata_ends(world.ask("web.service.consul", Type::srv).answer) == Records{"db.example.com."});
}

TEST_CASE("the name of a host is an alias, until somebody has an address") {
  ConsulWorld world;
  world.add(Consul{.addresses = {}, .host = "db.example.com"});
  CHECK(world.ask("web.service.consul").answer == Records{"web.service.consul. 1 CNAME db.example.com."});
  CHECK(world.ask("web.service.consul", Type::aaaa).answer == Records{"web.service.consul. 1 CNAME db.example.com."});
  CHECK(world.ask("web.service.consul", Type::srv).answer ==
        Records{"web.service.consul. 1 SRV 1 1 8080 db.example.com."});
  world.add(Consul{.id = "web-2", .addresses = {}, .host = "db2.example.com"});
  bool first = false;
  bool second = false;
  for (int i = 0; i < 64; ++i) {
    const Records answer = world.ask("web.service.consul").answer;
    REQUIRE(answer.size() == 1);
    first = first || answer.front().ends_with(" db.example.com.");
    second = second || answer.front().ends_with(" db2.example.com.");
  }
  CHECK((first && second));
  world.add(Consul{.id = "web-3", .addresses = {"192.0.2.3"}});
  CHECK(rdata_ends(world.ask("web.service.consul").answer) == Records{"192.0.2.3"});
  CHECK(is_nodata(world.ask("web.service.consul", Type::aaaa)));
  CHECK(world.ask("web.service.consul", Type::srv).answer.size() == 3);
}

TEST_CASE("an alias that leads into another of our zones is followed") {
  ConsulWorld world;
  world.add(Consul{.addresses = {}, .host = "ns.svc.internal"});
  CHECK(world.ask("web.service.consul").answer ==
        Records{"web.service.consul. 1 CNAME ns.svc.internal.", "ns.svc.internal. 60 A 192.0.2.53"});
}

TEST_CASE("an alias of a zone file may lead to Consul's names") {
  ConsulWorld world({.zone_text = std::string(k_zone_text) + "www IN CNAME web.service.consul.\n"});
  world.add(Consul{});
  CHECK(world.ask("www.svc.internal").answer ==
        Records{"www.svc.internal. 60 CNAME web.service.consul.", "web.service.consul. 1 A 192.0.2.1"});
}

TEST_CASE("ANY at the name of a host is the alias alone (RFC 8482 4.1)") {
  ConsulWorld world;
  world.add(Consul{.addresses = {}, .host = "ns.svc.internal"});
  CHECK(world.ask("web.service.consul", Type::any).answer == Records{"web.service.consul. 1 CNAME ns.svc.internal."});
  CHECK(world.ask("web.svc.internal", Type::any).answer.size() == 1);
}

TEST_CASE("where too few are ready the critical are answered, but not those in maintenance") {
  ConsulWorld world({.policy = {.protect_permille = 900}});
  for (const char* id : {"1", "2", "3"}) world.add(Consul{.id = id, .addresses = {std::string("192.0.2.") + id}});
  world.set_check("2", health::CheckStatus::critical);
  world.set_check("3", health::CheckStatus::critical, "away", health::CheckKind::maintenance);
  for (const char* name : {"web.service.consul", "web.svc.internal"}) {
    CAPTURE(name);
    CHECK(sorted(rdata_ends(world.ask(name).answer)) == Records{"192.0.2.1", "192.0.2.2"});
  }
}

TEST_CASE("without a port there is no SRV record") {
  ConsulWorld world;
  world.add(Consul{.port = 0});
  CHECK(is_nodata(world.ask("web.service.consul", Type::srv)));
  CHECK(world.ask("web.service.consul").answer.size() == 1);
}

TEST_CASE("tags compare without case, and may be any text") {
  ConsulWorld world;
  world.add(Consul{.tags = {"Primary", "traefik.enable=true", "a b", "urlprefix-/x"}});
  for (const char* name :
       {"primary.web.service.consul", "PRIMARY.web.service.consul", "traefik.enable=TRUE.web.service.consul",
        "a\\032b.web.service.consul", "urlprefix-/x.web.service.consul", "_web._primary.service.consul"}) {
    CAPTURE(name);
    CHECK(world.ask(name).answer.size() == 1);
  }
  CHECK(is_nodata(world.ask("enable=true.web.service.consul")));
  world.set_check("web-1", health::CheckStatus::critical);
  CHECK(is_nodata(world.ask("primary.web.service.consul")));
}

TEST_CASE("the tag udp is the protocol too") {
  ConsulWorld world;
  world.add(Entry{.service = "dns", .protocol = registry::Protocol::udp});
  world.add(Consul{.tags = {"udp"}});
  CHECK(world.ask("_dns._udp.service.consul", Type::srv).answer.size() == 1);
  CHECK(world.ask("_web._udp.service.consul", Type::srv).answer.size() == 1);
}

TEST_CASE("two instances with one address and port are one record") {
  ConsulWorld world;
  world.add(Consul{.id = "1"});
  world.add(Consul{.id = "2"});
  CHECK(world.ask("web.service.consul").answer.size() == 1);
  CHECK(world.ask("web.service.consul", Type::srv).answer.size() == 1);
  world.add(Consul{.id = "3", .port = 9090});
  const Answered srv = world.ask("web.service.consul", Type::srv);
  CHECK(srv.answer.size() == 2);
  CHECK(srv.additional.size() == 1);
}

TEST_CASE("200 instances: TC over UDP with the same records each time, all of them over TCP") {
  ConsulWorld world;
  for (int i = 0; i < 200; ++i) {
    world.add(Consul{.id = "w" + std::to_string(i), .addresses = {"192.0.2." + std::to_string(i)}});
  }
  for (const Type type : {Type::a, Type::srv}) {
    const Ask ask{.name = "web.service.consul", .type = type, .payload = 1232};
    const Answered cut = world.ask(ask);
    CHECK(cut.truncated);
    CHECK(cut.size <= 1232);
    CHECK(cut.has_opt);
    CHECK(cut.answer.size() > 10);
    CHECK(world.ask(ask).answer == cut.answer);
    CHECK(world.ask(Ask{.name = "web.service.consul", .type = type}).size <= 512);
    const Answered whole = world.ask_tcp("web.service.consul", type);
    CHECK_FALSE(whole.truncated);
    CHECK(whole.answer.size() == 200);
  }
  CHECK(world.ask_tcp("web.service.consul", Type::srv).additional.size() == 128);
}

TEST_CASE("an answer limit draws among all instances") {
  ConsulWorld world({.policy = {.answer_limit = 2}});
  for (int i = 0; i < 9; ++i) {
    world.add(Consul{.id = "w" + std::to_string(i), .addresses = {"192.0.2." + std::to_string(i)}});
  }
  Records seen;
  for (int i = 0; i < 100; ++i) {
    const Records targets = rdata_ends(world.ask("web.service.consul", Type::srv).answer);
    CHECK(targets.size() == 2);
    seen.insert(seen.end(), targets.begin(), targets.end());
  }
  std::ranges::sort(seen);
  CHECK(std::ranges::unique(seen).begin() - seen.begin() == 9);
}

TEST_CASE("ANY is one RRset, other types are NODATA") {
  ConsulWorld world;
  world.add(Consul{});
  CHECK(world.ask("web.service.consul", Type::any).answer == Records{"web.service.consul. 1 A 192.0.2.1"});
  for (const auto type : {Type::txt, Type::mx, Type::ptr, Type::https, Type::cname, static_cast<Type>(65400)}) {
    CHECK(is_nodata(world.ask("web.service.consul", type)));
  }
}

TEST_CASE("a prepared query is a service by another name") {
  ConsulWorld world;
  world.add(Consul{.id = "1", .tags = {"a"}, .meta = {{"v", "1"}}});
  world.add(Consul{.id = "2", .addresses = {"192.0.2.2"}, .tags = {"a", "b"}});
  world.add(Entry{.addresses = {"192.0.2.9"}, .zone = registry::ZoneId{1}});
  world.queries.all["q"] = {
      .service = "Web", .tags = {"A", "!b"}, .service_meta = {}, .node_meta = {}, .failover = {}, .ttl_seconds = 10};
  CHECK(world.ask("q.query.consul").answer == Records{"q.query.consul. 10 A 192.0.2.1"});
  CHECK(world.ask("q.query.dc1.consul", Type::srv).answer.size() == 1);
  CHECK(world.ask("_q._tcp.query.consul", Type::srv).answer.size() == 1);
  world.queries.all["m"] = {
      .service = "web", .tags = {}, .service_meta = {{"v", "1"}}, .node_meta = {}, .failover = {}, .ttl_seconds = {}};
  CHECK(rdata_ends(world.ask("m.query.consul").answer) == Records{"192.0.2.1"});
  world.queries.all["f.o"] = {.service = "web",
                              .tags = {"gone"},
                              .service_meta = {},
                              .node_meta = {},
                              .failover = {"dc9", "lab.example"},
                              .ttl_seconds = {}};
  CHECK(is_nodata(world.ask("f.o.query.consul")));
  world.queries.all["f.o"].tags.clear();
  world.set_check("1", health::CheckStatus::critical);
  world.set_check("2", health::CheckStatus::critical);
  CHECK(rdata_ends(world.ask("f.o.query.consul").answer) == Records{"192.0.2.9"});
  CHECK(is_nodata(world.ask("q.query.consul")));
  world.queries.all["n"] = {
      .service = "nobody", .tags = {}, .service_meta = {}, .node_meta = {}, .failover = {}, .ttl_seconds = {}};
  CHECK(is_nodata(world.ask("n.query.consul")));
}

TEST_CASE("a drain waits for answers under Consul's names too") {
  ConsulWorld world;
  world.add(Consul{});
  CHECK(world.ask("web.service.consul").answer.size() == 1);
  CHECK(world.roster.answered_until({registry::ZoneId{0}, "web"}, world.clock.now()) > world.clock.now());
}

TEST_CASE("no zone of that name is served where the user has one of his own") {
  ConsulSettings settings{.domain = *dns::Name::parse("lab.example"), .node = "n", .datacenters = {}};
  const Zones zones(make_zones(k_zone_text, {}), make_consul_zone(settings, nullptr));
  const rcu::ReadLock lock;
  CHECK(zones.table().find(dns::Name::parse("lab.example")->folded_wire())->consul == nullptr);
}

TEST_CASE("the domain may be inside a zone, and is nobody's name there then") {
  ConsulWorld world({.domain = "sd.svc.internal"});
  world.add(Entry{});
  CHECK(rdata_ends(world.ask("web.svc.internal").answer) == Records{"192.0.2.1"});
  CHECK(rdata_ends(world.ask("web.service.sd.svc.internal").answer) == Records{"192.0.2.1"});
  CHECK(world.ask("sd.svc.internal", Type::ns).answer == Records{"sd.svc.internal. 1 NS ns.sd.svc.internal."});
  CHECK_THROWS(world.add(Entry{.service = "sd"}));
  world.add(Consul{.service = "sd", .addresses = {"192.0.2.2"}});
  CHECK(rdata_ends(world.ask("sd.service.sd.svc.internal").answer) == Records{"192.0.2.2"});
}

TEST_CASE("nothing is registered in the zone of Consul's names") {
  ConsulWorld world;
  CHECK_FALSE(world.zones.find("consul").has_value());
  CHECK(world.zones.size() == 2);
}

}  // namespace
}  // namespace rollcall::answer::testing
