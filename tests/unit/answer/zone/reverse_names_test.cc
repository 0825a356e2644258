// PTR of instances in a reverse zone.
#include "answer/zone/reverse_names.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

constexpr const char* k_reverse_zone = R"(
$TTL 60
@    1   IN  SOA  ns.svc.internal. hostmaster 1 10 5 1h 1
@        IN  NS   ns.svc.internal.
)";

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
  zones.push_back(make_zone("0/25.100.51.198.in-addr.arpa", k_reverse_zone));
  zones.push_back(make_zone("7.113.0.203.in-addr.arpa", k_reverse_zone));
  zones.push_back(make_zone("b.d.0.1.0.0.2.ip6.arpa", k_reverse_zone));
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
  Answered ask(const std::string& name, Type type = Type::ptr) { return ask(Ask{.name = name, .type = type}); }
  Answered ask(const Ask& ask) {
    const std::size_t most = ask.transport == Transport::udp ? 1232 : limits::k_message_bytes_max;
    const std::size_t size =
        responder.respond(query_of(ask), ask.transport, clock.now(), WritableBytes(room).first(most), worker).bytes;
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
  std::vector<std::uint8_t> room = std::vector<std::uint8_t>(limits::k_message_bytes_max);
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

TEST_CASE("the PTR of an address stand in the order in which the instances came, whoever leaves") {
  ReverseWorld world;
  for (const char* id : {"d", "a", "c", "b", "e"}) world.add({.id = id, .addresses = {"192.0.2.1"}});
  const auto labels = [&] {
    std::string all;
    for (const std::string& target : rdata_ends(world.ask("1.2.0.192.in-addr.arpa").answer)) all += target.front();
    return all;
  };
  CHECK(labels() == "dacbe");
  world.add({.id = "c", .addresses = {"192.0.2.1"}, .weight = 7});  // another version of the same instance
  CHECK(labels() == "dacbe");
  for (const auto& [id, rest] : {std::pair("c", "dabe"), std::pair("d", "abe"), std::pair("e", "ab")}) {
    world.remove(id);
    CHECK(labels() == rest);
  }
  world.add({.id = "d", .addresses = {"192.0.2.1"}});
  CHECK(labels() == "abd");
}

TEST_CASE("an instance that changes keeps its PTR and the lease of its newest version") {
  ReverseWorld world;
  world.add({.id = "i-1", .addresses = {"192.0.2.1"}, .ttl = 10s});
  world.add({.id = "i-1", .addresses = {"192.0.2.1", "192.0.2.2"}, .weight = 3, .ttl = 25s});
  CHECK(ttl_of(world.ask("1.2.0.192.in-addr.arpa").answer) == 25);
  world.clock.advance(15s);
  CHECK(ttl_of(world.ask("1.2.0.192.in-addr.arpa").answer) == 10);
  CHECK(ttl_of(world.ask("2.2.0.192.in-addr.arpa").answer) == 10);
}

TEST_CASE("a reader always finds an instance that is at an address, through its versions and its neighbours") {
  ReverseWorld world;
  const auto version = [&](const std::string& id, int number) {
    world.add({.id = id, .addresses = {"192.0.2.1"}, .weight = static_cast<std::uint16_t>(number), .ttl = 1h});
  };
  for (const char* id : {"a", "constant", "z"}) version(id, 1);
  std::atomic<bool> is_done{false};
  std::atomic<int> missed{0};
  std::thread reader([&] {
    const rcu::Thread registered;
    WorkerState own;
    std::vector<std::uint8_t> message(512);
    const std::vector<std::uint8_t> query = query_of({.name = "1.2.0.192.in-addr.arpa", .type = Type::ptr});
    while (!is_done.load()) {
      const std::size_t size = world.responder.respond(query, Transport::udp, world.clock.now(), message, own).bytes;
      const std::string_view text = text_of(Bytes(message).first(size));
      if (text.find("constant") == std::string_view::npos) ++missed;
    }
  });
  for (int i = 0; i < 300; ++i) {
    world.remove("a");
    version("constant", i);
    version("a", i);
    world.remove("z");
    version("z", i);
  }
  is_done = true;
  reader.join();
  CHECK(missed.load() == 0);
}

TEST_CASE("a reply that is full ends the walk through the instances of an address") {
  ReverseWorld world;
  for (int i = 0; i < 300; ++i) world.add({.id = "i-" + std::to_string(i), .addresses = {"192.0.2.1"}});
  const Ask ask{.name = "1.2.0.192.in-addr.arpa", .type = Type::ptr, .payload = 1232};
  const Answered datagram = world.ask(ask);
  CHECK(datagram.truncated);
  CHECK(datagram.answer.size() > 30);
  CHECK(rdata_ends(datagram.answer).front() == "i-0.web.svc.internal.");
  CHECK(rdata_ends(world.ask(ask).answer) == rdata_ends(datagram.answer));
  const Answered whole = world.ask(Ask{.name = ask.name, .type = Type::ptr, .transport = Transport::tcp});
  CHECK_FALSE(whole.truncated);
  CHECK(whole.answer.size() == 300);
}

TEST_CASE("RFC 2317: a zone of half an octet has the PTR of its addresses, and of no others") {
  ReverseWorld world;
  world.add({.id = "i-1", .addresses = {"198.51.100.1", "198.51.100.127", "198.51.100.128"}});
  for (const char* octet : {"1", "127"}) {
    CHECK(rdata_ends(world.ask(octet + std::string(".0/25.100.51.198.in-addr.arpa")).answer) ==
          Records{"i-1.web.svc.internal."});
  }
  for (const char* octet : {"2", "128", "256", "01", "x", "1.1"}) {
    CAPTURE(octet);
    CHECK(world.ask(octet + std::string(".0/25.100.51.198.in-addr.arpa")).rcode == "NXDOMAIN");
  }
  CHECK(world.ask("0/25.100.51.198.in-addr.arpa", Type::soa).answer.size() == 1);
  CHECK(world.ask("0/25.100.51.198.in-addr.arpa").rcode == "NOERROR");
}

TEST_CASE("a zone of one address has the PTR at its top, beside SOA and NS") {
  ReverseWorld world;
  CHECK(world.ask("7.113.0.203.in-addr.arpa").answer.empty());
  world.add({.id = "i-1", .addresses = {"203.0.113.7"}});
  CHECK(rdata_ends(world.ask("7.113.0.203.in-addr.arpa").answer) == Records{"i-1.web.svc.internal."});
  for (const Type type : {Type::soa, Type::ns, Type::any}) {
    CHECK(world.ask("7.113.0.203.in-addr.arpa", type).answer.size() == 1);
  }
  CHECK(world.ask("7.113.0.203.in-addr.arpa", Type::txt).rcode == "NOERROR");
  CHECK(world.ask("1.7.113.0.203.in-addr.arpa").rcode == "NXDOMAIN");
}

TEST_CASE("an IPv6 zone that ends within an octet has the PTR of its addresses") {
  ReverseWorld world;
  world.add({.id = "i-1", .addresses = {"2001:dbf::1"}});
  std::string name = "1.";
  for (int i = 0; i < 23; ++i) name += "0.";
  CHECK(rdata_ends(world.ask(name + "f.b.d.0.1.0.0.2.ip6.arpa").answer) == Records{"i-1.web.svc.internal."});
  CHECK(world.ask("f.b.d.0.1.0.0.2.ip6.arpa").rcode == "NOERROR");   // there may be some below it
  CHECK(world.ask("g.b.d.0.1.0.0.2.ip6.arpa").rcode == "NXDOMAIN");  // there cannot
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
