// What the native zones make of services whose names, ids, tags and addresses only other doors take.
#include <algorithm>
#include <string>

#include "answer/transfer/transfers.h"
#include "catch.h"
#include "unit/answer/consul/consul_world.h"

namespace rollcall::answer::testing {
namespace {

using dns::Type;

TEST_CASE("a name that is one label answers under itself, any other under a slug, in both zones") {
  ConsulWorld world;
  world.add(Consul{.service = "Web_App", .id = "1"});
  world.add(Consul{.service = "my app", .id = "1", .addresses = {"192.0.2.2"}});
  world.add(Consul{.service = "a.b", .id = "1", .addresses = {"192.0.2.3"}});
  world.add(Consul{.service = std::string(200, 'x'), .id = "1", .addresses = {"192.0.2.4"}});
  world.add(Consul{.service = "_own", .id = "1", .addresses = {"192.0.2.5"}});
  const std::string slug = registry::service_label_of("a.b");
  const std::string long_slug = registry::service_label_of(std::string(200, 'x'));
  CHECK(slug.starts_with("a-b--"));
  for (const std::string zone : {".svc.internal", ".service.consul"}) {
    CAPTURE(zone);
    CHECK(rdata_ends(world.ask("web_app" + zone).answer) == Records{"192.0.2.1"});
    CHECK(rdata_ends(world.ask("my\\032app" + zone).answer) == Records{"192.0.2.2"});
    CHECK(rdata_ends(world.ask(slug + zone).answer) == Records{"192.0.2.3"});
    CHECK(rdata_ends(world.ask(long_slug + zone).answer) == Records{"192.0.2.4"});
    CHECK(rdata_ends(world.ask("_own" + zone).answer) == Records{"192.0.2.5"});
  }
  CHECK(world.ask(slug + ".svc.internal", Type::srv).answer.front().ends_with("1." + slug + ".svc.internal."));
  world.remove("1", "a.b");
  CHECK(world.ask(slug + ".svc.internal").rcode == "NOERROR");
  CHECK(world.ask(slug + ".svc.internal").answer.empty());
}

TEST_CASE("a name that the zone file or DNS-SD has is never refused here: it is answered under a derived label") {
  ConsulWorld world({.zone_text = std::string(k_zone_text) + "www IN A 192.0.2.80\n"});
  world.add(Consul{.service = "www", .id = "1"});
  world.add(Consul{.service = "tcp", .id = "1", .addresses = {"192.0.2.2"}});
  CHECK(rdata_ends(world.ask("www.svc.internal").answer) == Records{"192.0.2.80"});
  CHECK(rdata_ends(world.ask(registry::derived_label_of("www") + ".svc.internal").answer) == Records{"192.0.2.1"});
  CHECK(rdata_ends(world.ask(registry::derived_label_of("tcp") + ".svc.internal").answer) == Records{"192.0.2.2"});
  CHECK(rdata_ends(world.ask("www.service.consul").answer) == Records{"192.0.2.1"});
  CHECK(rdata_ends(world.ask("tcp.service.consul").answer) == Records{"192.0.2.2"});
  CHECK_THROWS(world.add(Entry{.service = "services"}));
  world.remove("1", "www");
  CHECK(rdata_ends(world.ask("www.svc.internal").answer) == Records{"192.0.2.80"});
  CHECK(world.ask("www.service.consul").rcode == "NOERROR");
  world.add(Consul{.service = "www", .id = "1", .addresses = {"192.0.2.3"}});
  CHECK(rdata_ends(world.ask("www.service.consul").answer) == Records{"192.0.2.3"});
}

TEST_CASE("a service whose name is the label of another is not shown in its place") {
  ConsulWorld world;
  world.add(Consul{.service = "a.b", .id = "1"});
  const std::string label = registry::service_label_of("a.b");
  world.add(Entry{.service = label, .addresses = {"192.0.2.9"}});
  CHECK(rdata_ends(world.ask(label + ".svc.internal").answer) == Records{"192.0.2.1"});
  world.remove("i-1", label);
  world.remove("1", "a.b");
  CHECK(world.ask(label + ".svc.internal").answer.empty());
}

TEST_CASE("where an id is a tag too, or differs in case alone, a label is derived") {
  ConsulWorld world;
  world.add(Consul{.id = "v1", .tags = {"V1", "web"}});
  world.add(Consul{.id = "Web", .addresses = {"192.0.2.2"}});
  world.add(Consul{.id = "a", .addresses = {"192.0.2.3"}});
  world.add(Consul{.id = "A", .addresses = {"192.0.2.4"}});
  CHECK(rdata_ends(world.ask("v1.web.svc.internal").answer) == Records{"192.0.2.1"});
  CHECK(rdata_ends(world.ask("web.web.svc.internal").answer) == Records{"192.0.2.1"});
  CHECK(rdata_ends(world.ask(registry::derived_label_of("v1") + ".web.svc.internal").answer) == Records{"192.0.2.1"});
  CHECK(rdata_ends(world.ask(registry::derived_label_of("Web") + ".web.svc.internal").answer) == Records{"192.0.2.2"});
  CHECK(rdata_ends(world.ask(registry::derived_label_of("a") + ".web.svc.internal").answer) == Records{"192.0.2.3"});
  CHECK(rdata_ends(world.ask(registry::derived_label_of("A") + ".web.svc.internal").answer) == Records{"192.0.2.4"});
  for (const std::string& target : rdata_ends(world.ask("web.svc.internal", Type::srv).answer)) {
    CAPTURE(target);
    CHECK(world.ask(target).answer.size() == 1);
  }
}

TEST_CASE("a native instance keeps its label beside tags of other doors") {
  ConsulWorld world;
  world.add(Entry{.id = "blue"});
  world.add(Consul{.id = "2", .addresses = {"192.0.2.2"}, .tags = {"blue"}});
  CHECK(rdata_ends(world.ask("blue.web.svc.internal").answer) == Records{"192.0.2.1"});
  CHECK(rdata_ends(world.ask("blue.web.service.consul").answer) == Records{"192.0.2.2"});
}

TEST_CASE("an instance of a host's name is an alias in the native zone too, and no address there is none") {
  ConsulWorld world;
  world.add(Consul{.id = "1", .addresses = {}, .host = "db.example.com"});
  world.add(Consul{.id = "2", .addresses = {}});
  CHECK(world.ask("web.svc.internal").answer == Records{"web.svc.internal. 1 CNAME db.example.com."});
  CHECK(world.ask("1.web.svc.internal", Type::aaaa).answer == Records{"1.web.svc.internal. 1 CNAME db.example.com."});
  CHECK(world.ask("2.web.svc.internal").answer.empty());
  const Records srv = world.ask("web.svc.internal", Type::srv).answer;
  CHECK(sorted(rdata_ends(srv)) == Records{"2.web.svc.internal.", "db.example.com."});
  CHECK(world.ask("1.web.svc.internal", Type::srv).answer ==
        Records{"1.web.svc.internal. 1 SRV 1 1 8080 db.example.com."});
  world.add(Consul{.id = "3", .addresses = {"192.0.2.3"}});
  CHECK(rdata_ends(world.ask("web.svc.internal").answer) == Records{"192.0.2.3"});
}

TEST_CASE("without a port there is no SRV and no PTR in the native zone") {
  ConsulWorld world;
  world.add(Consul{.port = 0});
  CHECK(world.ask("web.svc.internal").answer.size() == 1);
  CHECK(world.ask("web.svc.internal", Type::srv).answer.empty());
  CHECK(world.ask("_web._tcp.svc.internal", Type::ptr).answer.empty());
}

TEST_CASE("tags that are labels have names in the native zone, whatever their case; others have none") {
  ConsulWorld world;
  world.add(Consul{.tags = {"Primary", "traefik.enable=true"}});
  CHECK(world.ask("primary.web.svc.internal").answer.size() == 1);
  CHECK(world.ask("traefik\\.enable=true.web.svc.internal").rcode == "NXDOMAIN");
}

TEST_CASE("meta that no TXT string holds is left out of it") {
  ConsulWorld world;
  world.add(Consul{.meta = {{"big", std::string(300, 'x')}, {"v", "1"}}});
  CHECK(world.ask("web-1.web.svc.internal", Type::txt).answer == Records{"web-1.web.svc.internal. 1 TXT \"v=1\""});
}

}  // namespace
}  // namespace rollcall::answer::testing
