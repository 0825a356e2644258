// The roll, and Consul's names made from it, without sockets.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "answer/consul/consul_facts.h"
#include "answer/consul/consul_names.h"
#include "answer/explain/explain.h"
#include "base/ascii_case.h"
#include "consul/attributes.h"
#include "registry/ports/audiences.h"
#include "unit/answer/world.h"

namespace rollcall::answer::testing {

struct KnownQueries final : consul::PreparedQueries {
  std::map<std::string, consul::PreparedQuery, std::less<>> all;
  [[nodiscard]] const consul::PreparedQuery* find_query(std::string_view folded) const noexcept override {
    const auto at = all.find(folded);
    return at == all.end() ? nullptr : &at->second;
  }
};

// As it came by the Consul door.
struct Consul {
  std::string service = "web";
  std::string id = "web-1";
  std::vector<std::string> addresses = {"192.0.2.1"};
  std::uint16_t port = 8080;
  std::vector<std::string> tags{};
  std::string host{};
  consul::Attributes attributes{};
  std::optional<std::chrono::milliseconds> ttl{};  // of a check; none: passing until somebody deregisters it
  std::vector<std::pair<std::string, std::string>> meta{};
  registry::ZoneId zone{0};
};

struct ConsulWorld {
  struct Options {
    std::string domain = "consul";
    bool only_passing = false;
    AnswerPolicy policy{};
    std::string zone_text = std::string(k_zone_text);
    std::string node = "Node-1";
    std::string node_address = "192.0.2.100";
  };
  ConsulWorld() : ConsulWorld(Options{}) {}
  explicit ConsulWorld(Options options)
      : settings{.domain = *dns::Name::parse(options.domain),
                 .node = options.node,
                 .node_address = ConsulAddress::parse(options.node_address),
                 .datacenters = {dns::Name::parse("dc1"), dns::Name::parse("lab.example")},
                 .only_passing = options.only_passing},
        policy(options.policy),
        zones(make_zones(options.zone_text, policy), make_consul_zone(settings, &names)),
        roster(zones, [this](const registry::ServiceRef&) { return policy; }),
        names(settings, zones, roster, facts, &queries),
        registry(journal, audiences, zones, 1h),
        responder(zones, roster, {.udp_payload = 1232}),
        worker(std::make_unique<WorkerState>()) {
    worker->random = Random(42);
  }

  ConsulSettings settings;
  AnswerPolicy policy;
  registry::testing::MemoryJournal journal;
  KnownQueries queries;
  ConsulFacts facts;
  Zones zones;
  Roster roster;
  ConsulNames names;
  registry::Audiences audiences{{&facts, &roster}};
  registry::ManualClock clock;
  registry::WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  registry::Registry registry;
  Responder responder;
  std::unique_ptr<WorkerState> worker;
  std::vector<std::uint8_t> room = std::vector<std::uint8_t>(limits::k_message_bytes_max);

  void apply(const registry::Change& change) {
    const auto outcome = registry.apply(std::span(&change, 1), clock, wall).front();
    if (!outcome) throw std::runtime_error(outcome.error().message);
  }
  void add(const Entry& entry) { apply(registry::Register{registration_of(entry)}); }
  void add(const Consul& entry) {
    registry::Registration made;
    made.key = {{entry.zone, to_lower(entry.service)}, entry.id};
    for (const std::string& address : entry.addresses) made.addresses.push_back(IpAddress::parse(address).value());
    made.port = entry.port;
    made.tags = entry.tags;
    std::ranges::sort(made.tags);
    made.meta = entry.meta;
    made.host = entry.host;
    made.door = registry::Door::consul;
    made.lease = registry::LeaseKind::none;
    if (entry.ttl) {
      made.lease = registry::LeaseKind::turns_critical;
      made.ttl = *entry.ttl;
      made.lease_check = "service:" + entry.id;
    }
    made.attributes = consul::write_attributes(entry.attributes);
    apply(registry::Register{made});
  }
  void set_check(const std::string& id, health::CheckStatus status, std::string output = {},
                 health::CheckKind kind = health::CheckKind::told, const std::string& service = "web") {
    health::CheckResult result;
    result.id = "service:" + id;
    result.kind = kind;
    result.status = status;
    result.output = std::move(output);
    result.since = wall;
    apply(registry::SetCheck{.key = {{registry::ZoneId{0}, service}, id}, .result = result, .adds = true});
  }
  void remove(const std::string& id, const std::string& service = "web") {
    apply(registry::Deregister{{{registry::ZoneId{0}, service}, id}});
  }
  void pass(registry::LeaseTime::duration time) { clock.advance(time); }

  Bytes respond(Bytes query, Transport transport = Transport::udp) {
    const std::size_t most = transport == Transport::udp ? responder.udp_payload() : limits::k_message_bytes_max;
    const std::size_t size =
        responder.respond(query, transport, clock.now(), WritableBytes(room).first(most), *worker).bytes;
    return Bytes(room).first(size);
  }
  Answered ask(const Ask& question) { return read_answer(question, respond(query_of(question), question.transport)); }
  Answered ask(std::string name, dns::Type type = dns::Type::a) {
    return ask(Ask{.name = std::move(name), .type = type});
  }
  Answered ask_tcp(std::string name, dns::Type type) {
    return ask(Ask{.name = std::move(name), .type = type, .transport = Transport::tcp});
  }
  Explained explain(const std::string& name, dns::Type type = dns::Type::a) {
    const rcu::ReadLock lock;
    return Explainer(zones, roster, 1232).explain(*dns::Name::parse(name), type, clock.now(), wall);
  }
};

}  // namespace rollcall::answer::testing
