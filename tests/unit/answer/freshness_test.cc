// What a node answers whose roll is not fresh: stale, and then not at all.
#include "answer/freshness.h"

#include <algorithm>

#include "answer/explain/explain.h"
#include "answer/look_up/stale_answer.h"
#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

constexpr std::string_view k_fresh_zone = R"(
$TTL 60
@        1  IN  SOA    ns hostmaster 1 10 5 1h 300
@           IN  NS     ns
ns          IN  A      192.0.2.53
fixed       IN  A      203.0.113.7
to-web      IN  CNAME  web
away        IN  CNAME  www.example.org.
mail        IN  MX     10 web
*.wild      IN  A      203.0.113.8
child       IN  NS     ns.child
ns.child    IN  A      203.0.113.53
)";

struct Node {
  World world{{.ttl_seconds = 5}, 1232, k_fresh_zone};
  Freshness freshness;
  Responder responder{world.zones, world.roster, {.udp_payload = 1232, .freshness = &freshness}};
  std::uint16_t ede = 0xffff;  // of the last answer; 0xffff: none

  Node() { world.add({}); }
  Answered ask(std::string name, Type type = Type::a, bool has_edns = true) {
    const Ask question{
        .name = std::move(name), .type = type, .payload = has_edns ? std::optional<std::uint16_t>(1232) : std::nullopt};
    const std::vector<std::uint8_t> query = query_of(question);
    const std::size_t size =
        responder.respond(query, Transport::udp, world.clock.now(), world.room, *world.worker).bytes;
    const Bytes message = Bytes(world.room).first(size);
    ede = 0xffff;
    for (const Explanation& each : {k_stale, k_expired}) {
      const Bytes text = octets(each.text);
      const auto at = std::ranges::search(message, text).begin();
      if (at != message.end()) ede = static_cast<std::uint16_t>(*(at - 2) << 8 | *(at - 1));
    }
    return read_answer(question, message);
  }
};

TEST_CASE("a fresh roll is answered as by a node that has no cluster") {
  Node node;
  CHECK(node.ask(std::string(k_web)).answer == Records{"web.svc.internal. 5 A 192.0.2.1"});
  CHECK(node.ask(std::string(k_web)).additional.empty());
  CHECK(node.ede == 0xffff);
}

TEST_CASE("a stale answer of the roll says so, and is kept for a second") {
  Node node;
  node.freshness.set(Freshness::State::stale);
  CHECK(node.ask(std::string(k_web)).answer == Records{"web.svc.internal. 1 A 192.0.2.1"});
  CHECK(node.ede == 3);
  const Answered srv = node.ask("_web._tcp.svc.internal", Type::srv);
  CHECK(ttl_of(srv.answer) == 1);
  CHECK(ttl_of(srv.additional) == 1);
  CHECK(node.ede == 3);
  CHECK(node.ask("_services._dns-sd._udp.svc.internal", Type::ptr).answer.size() == 1);
  CHECK(node.ede == 3);
  CHECK(node.world.worker->counters.not_fresh(0) == 3);
}

TEST_CASE("a client without EDNS gets the stale answer alone") {
  Node node;
  node.freshness.set(Freshness::State::stale);
  const Answered answered = node.ask(std::string(k_web), Type::a, false);
  CHECK(answered.answer == Records{"web.svc.internal. 1 A 192.0.2.1"});
  CHECK_FALSE(answered.has_opt);
}

TEST_CASE("that a name is not there is stale too, and soon asked again") {
  Node node;
  node.freshness.set(Freshness::State::stale);
  const Answered absent = node.ask("nobody.svc.internal");
  CHECK(absent.rcode == "NXDOMAIN");
  CHECK(node.ede == 3);
  CHECK(ttl_of(absent.authority) == 1);
  CHECK(node.ask(std::string(k_web), Type::aaaa).answer.empty());
  CHECK(node.ede == 3);
}

TEST_CASE("an alias of the zone file that leads to a stale service keeps its own TTL") {
  Node node;
  node.freshness.set(Freshness::State::stale);
  CHECK(node.ask("to-web.svc.internal").answer ==
        Records{"to-web.svc.internal. 60 CNAME web.svc.internal.", "web.svc.internal. 1 A 192.0.2.1"});
  CHECK(node.ede == 3);
}

TEST_CASE("names of the zone file are answered as ever, whatever the roll is") {
  Node node;
  for (const auto state : {Freshness::State::stale, Freshness::State::expired}) {
    node.freshness.set(state);
    CHECK(node.ask("fixed.svc.internal").answer == Records{"fixed.svc.internal. 60 A 203.0.113.7"});
    CHECK(node.ede == 0xffff);
    CHECK(node.ask("a.wild.svc.internal").answer.size() == 1);
    CHECK(node.ask("fixed.svc.internal", Type::txt).rcode == "NOERROR");
    CHECK(node.ede == 0xffff);
    CHECK(node.ask("svc.internal", Type::soa).answer.size() == 1);
    CHECK(node.ask("x.child.svc.internal").authority.size() == 1);
    CHECK(node.ask("away.svc.internal").answer.size() == 1);
    CHECK(node.ede == 0xffff);
    CHECK(node.ask("www.example.org").rcode == "REFUSED");
  }
}

TEST_CASE("addresses of the roll beside a record of the zone file are stale, and then left out") {
  Node node;
  node.freshness.set(Freshness::State::stale);
  Answered mail = node.ask("mail.svc.internal", Type::mx);
  CHECK(mail.answer == Records{"mail.svc.internal. 60 MX 10 web.svc.internal."});
  CHECK(mail.additional == Records{"web.svc.internal. 1 A 192.0.2.1"});
  CHECK(node.ede == 3);
  node.freshness.set(Freshness::State::expired);
  mail = node.ask("mail.svc.internal", Type::mx);
  CHECK(mail.answer.size() == 1);
  CHECK(mail.additional.empty());
  CHECK(node.ede == 0xffff);
}

TEST_CASE("a roll that is too old is not answered: SERVFAIL, and never that a name is not there") {
  Node node;
  node.freshness.set(Freshness::State::expired);
  for (const char* name : {"web.svc.internal", "i-1.web.svc.internal", "nobody.svc.internal", "to-web.svc.internal",
                           "_tcp.svc.internal", "_web._tcp.svc.internal"}) {
    CAPTURE(name);
    const Answered answered = node.ask(name);
    CHECK(answered.rcode == "SERVFAIL");
    CHECK(answered.answer.empty());
    CHECK(answered.authority.empty());
    CHECK(node.ede == 14);
  }
  CHECK(node.world.worker->counters.not_fresh(1) == 6);
  node.freshness.set(Freshness::State::fresh);
  CHECK(node.ask(std::string(k_web)).answer == Records{"web.svc.internal. 5 A 192.0.2.1"});
}

TEST_CASE("the explanation says that the roll is stale, or that it is not answered") {
  Node node;
  const auto explain_web = [&] {
    const rcu::ReadLock lock;
    const Explainer explainer(node.world.zones, node.world.roster, 1232, &node.freshness);
    return explainer.explain(*dns::Name::parse(k_web), Type::a, node.world.clock.now(), node.world.wall);
  };
  CHECK(explain_web().sentence.find("stale") == std::string::npos);
  node.freshness.set(Freshness::State::stale);
  Explained explained = explain_web();
  CHECK(explained.sentence ==
        "web.svc.internal is the service web: 1 of its 1 instance is in the answer to A. The roll is stale: this node "
        "does not reach its cluster.");
  CHECK(explained.error->code == 3);
  CHECK(explained.answer.at(0).ttl == 1);
  node.freshness.set(Freshness::State::expired);
  explained = explain_web();
  CHECK(explained.rcode == dns::Rcode::servfail);
  CHECK(explained.error->code == 14);
  CHECK(explained.answer.empty());
  CHECK(explained.sentence == "web.svc.internal is not answered: this node has not reached its cluster for too long.");
}

}  // namespace
}  // namespace rollcall::answer
