// The roll and the DNS together, without sockets: a registry over a journal in memory, the roster it publishes to, and
// the responder that reads it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer/responder.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"
#include "base/rcu.h"
#include "dns/zone_file.h"
#include "registry/registry.h"
#include "unit/answer/ask.h"
#include "unit/registry/world.h"

namespace rollcall::answer::testing {

using namespace std::chrono_literals;

inline constexpr std::string_view k_web = "web.svc.internal";
inline constexpr std::string_view k_zone_text = R"(
$TTL 60
@    1   IN  SOA  ns hostmaster 1 10 5 1h 1
@        IN  NS   ns
ns       IN  A    192.0.2.53
)";

inline Zone make_zone(std::string_view apex, std::string_view text = k_zone_text, const AnswerPolicy& policy = {}) {
  auto file = dns::parse_zone(text, *dns::Name::parse(apex), "test.zone");
  if (!file) throw std::runtime_error(file.error().message);
  auto records = StaticZone::build(std::move(*file));
  if (!records) throw std::runtime_error(records.error().message);
  return {.id = {}, .records = std::move(*records), .policy = policy};
}
inline std::vector<Zone> make_zones(std::string_view text, const AnswerPolicy& policy,
                                    std::initializer_list<std::string_view> more = {}) {
  std::vector<Zone> zones;
  zones.push_back(make_zone("svc.internal", text, policy));
  zones.push_back(make_zone("lab.example", k_zone_text, policy));
  for (const std::string_view apex : more) zones.push_back(make_zone(apex, k_zone_text, policy));
  return zones;
}

// What a test says of an instance, the rest as usual.
struct Entry {
  std::string service = "web";
  std::string id = "i-1";
  std::vector<std::string> addresses = {"192.0.2.1"};
  std::uint16_t port = 8080;
  std::uint16_t priority = 1;
  std::uint16_t weight = 1;
  std::vector<std::string> tags{};
  std::chrono::milliseconds ttl = 15s;
  registry::Protocol protocol = registry::Protocol::tcp;
  registry::ZoneId zone{0};
  std::vector<std::pair<std::string, std::string>> meta{};
};

inline registry::Registration registration_of(const Entry& entry) {
  registry::Registration made;
  made.key = {{entry.zone, entry.service}, entry.id};
  for (const std::string& address : entry.addresses) made.addresses.push_back(IpAddress::parse(address).value());
  made.port = entry.port;
  made.protocol = entry.protocol;
  made.priority = entry.priority;
  made.weight = entry.weight;
  made.tags = sorted(entry.tags);
  made.meta = entry.meta;
  made.ttl = entry.ttl;
  return made;
}

struct World {
  explicit World(const AnswerPolicy& answer_policy = {}, std::size_t udp_payload = 1232,
                 std::string_view zone_text = k_zone_text, std::initializer_list<std::string_view> more_zones = {})
      : policy(answer_policy),
        zones(make_zones(zone_text, policy, more_zones)),
        roster(zones, [this](const registry::ServiceRef&) { return policy; }),
        registry(journal, roster, zones, 1h),
        responder(zones, roster, {.udp_payload = udp_payload}),
        worker(std::make_unique<WorkerState>()) {
    worker->random = Random(42);
  }

  AnswerPolicy policy;  // of every service, when it is next published
  registry::testing::MemoryJournal journal;
  Zones zones;
  Roster roster;
  registry::ManualClock clock;
  registry::WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  registry::Registry registry;
  Responder responder;
  std::unique_ptr<WorkerState> worker;
  std::vector<std::uint8_t> room = std::vector<std::uint8_t>(limits::k_message_bytes_max);

  void add_all(const std::vector<Entry>& entries) {
    std::vector<registry::Change> changes;
    for (const Entry& entry : entries) changes.push_back(registry::Register{registration_of(entry)});
    for (const auto& outcome : registry.apply(changes, clock, wall)) {
      if (!outcome) throw std::runtime_error(outcome.error().message);
    }
  }
  void add(const Entry& entry) { add_all({entry}); }
  void remove(const std::string& service, const std::string& id) {
    const registry::Change change = registry::Deregister{{{registry::ZoneId{0}, service}, id}};
    if (!registry.apply(std::span(&change, 1), clock, wall).front()) throw std::runtime_error("nothing to remove");
  }
  void pass(registry::LeaseTime::duration time) { clock.advance(time); }
  void renew(const std::string& service, const std::string& id) {
    if (!registry.renew({{registry::ZoneId{0}, service}, id}, clock.now()))
      throw std::runtime_error("nothing to renew");
  }

  // The octets of the answer, in `room`.
  Bytes respond(Bytes query, Transport transport = Transport::udp) {
    const std::size_t most = transport == Transport::udp ? responder.udp_payload() : limits::k_message_bytes_max;
    const std::size_t size =
        responder.respond(query, transport, clock.now(), WritableBytes(room).first(most), *worker).bytes;
    return Bytes(room).first(size);
  }
  Answered ask(const Ask& question) { return read_answer(question, respond(query_of(question), question.transport)); }
  Answered ask(std::string name, dns::Type type) { return ask(Ask{.name = std::move(name), .type = type}); }
  Answered ask_tcp(std::string name, dns::Type type) {
    return ask(Ask{.name = std::move(name), .type = type, .transport = Transport::tcp});
  }
};

using Records = std::vector<std::string>;

}  // namespace rollcall::answer::testing
