// Consul's names: what they mean on the roll, and who is in an answer about them.
//
// Shape    a zone beside the others (Zone::consul), made from them: each is a datacenter. Nothing is stored for it: a name is
//          read (consul_question.h), and its service, node or query looked for.
// Who      passing and warning are in, critical, draining and maintenance are out; an instance whose lease is past is out at that
//          instant. Who is left out, and why, is said in one place (`find_omission`), for answers and explanations alike.
// Owner    the Server; borrows everything for life.
// Threads  any, under rcu::ReadLock.
// Source   docs/consul-dns.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "answer/consul/consul_facts.h"
#include "answer/consul/consul_question.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"
#include "consul/prepared_query.h"
#include "dns/name.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

inline constexpr std::uint32_t k_consul_ttl_seconds = 1;

struct ConsulSettings {
  dns::Name domain;
  std::string node;                                   // our node's name
  ConsulAddress node_address = {};                    // where it is
  std::vector<std::optional<dns::Name>> datacenters;  // by ZoneId; empty: none, as reverse zones
  bool only_passing = false;                          // a warning is out too
};

// Why an instance is not in an answer about its service.
enum class ConsulOmission : std::uint8_t { none, lease_ended, draining, critical, not_passing, other_tag, other_meta };

// What a name of the zone means.
struct ConsulFound {
  using Kind = ConsulQuestion::Kind;
  Kind kind = Kind::nothing;
  ConsulQuestion asked;                     // whose tags an instance needs
  registry::ZoneId zone{};                  // of the datacenter
  const ServiceAnswers* answers = nullptr;  // service, query; of a query null: its service is not there
  const View* tagged = nullptr;  // service: who has the tag, where the service keeps a list of it; null: to be sought
  const consul::PreparedQuery* query = nullptr;      // whose conditions hold besides
  const NodeFacts* node = nullptr;                   // node; null: ours
  std::uint32_t ttl_seconds = k_consul_ttl_seconds;  // at most
};

// Where an instance is.
struct ConsulPlace {
  std::array<Bytes, 2> addresses = {};  // by Family, side by side
  std::string_view host = {};           // its name as text, where there is no address
  std::string_view host_wire = {};      // the same in wire form: of a node
  Bytes first = {};                     // of the addresses: what an SRV record points at
  bool is_at_node = false;              // it has no address of its own
  std::string_view node_labels = {};    // wire form, without the root
};

class ConsulNames {
 public:
  // `queries`: null: none is known.
  ConsulNames(ConsulSettings settings, const Zones& zones, const Roster& roster, const ConsulFacts& facts,
              const consul::PreparedQueries* queries = nullptr);
  // Before anybody asks.
  void set_queries(const consul::PreparedQueries& queries) { queries_ = &queries; }

  // What the zone's SOA shows follows the other zones. To be called before one is put.
  void refresh_serial() const { zones_.refresh_made_serial(); }

  // The name is in the zone, and not in its own few records.
  [[nodiscard]] ConsulFound find(const Zone& zone, const dns::QuestionName& name, registry::LeaseTime now) const;

  [[nodiscard]] ConsulOmission find_omission(const ConsulFound& found, const registry::Instance& instance,
                                             registry::LeaseTime now) const;
  // Null: nothing but defaults.
  [[nodiscard]] const ServiceFacts* find_facts(const ServiceAnswers& answers) const;
  [[nodiscard]] ConsulPlace place_of(const ServiceAnswers& answers, const Member& member,
                                     const InstanceFacts* facts) const;
  [[nodiscard]] ConsulAddress address_of(const ConsulFound& node) const {
    return node.node == nullptr ? settings_.node_address : node.node->address;
  }
  // Of an SRV record; wire form, at most 255 octets. Empty: it would be longer.
  [[nodiscard]] Bytes write_target(const ConsulPlace& place, registry::ZoneId zone,
                                   std::array<std::uint8_t, limits::k_name_bytes_max>& room) const;

 private:
  [[nodiscard]] const ServiceAnswers* find_service(registry::ZoneId zone, std::string_view label,
                                                   registry::LeaseTime now) const;
  [[nodiscard]] ConsulFound find_tagged(ConsulFound found) const;
  [[nodiscard]] ConsulFound find_node(ConsulFound found) const;
  [[nodiscard]] ConsulFound find_query(ConsulFound found, registry::LeaseTime now) const;
  [[nodiscard]] bool has_anybody(const ConsulFound& found, registry::LeaseTime now) const;
  [[nodiscard]] bool fits_query(const ConsulFound& found, const registry::Instance& instance) const;

  const ConsulSettings settings_;
  const ConsulDatacenters datacenters_;
  std::string own_node_;  // labels in wire form, in its own case
  std::string own_node_folded_;
  struct Suffixes {
    std::string node;  // `.node.<dc>.<domain>` in wire form
    std::string address;
  };
  std::vector<Suffixes> suffixes_;  // by ZoneId
  const Zones& zones_;
  const Roster& roster_;
  const ConsulFacts& facts_;
  const consul::PreparedQueries* queries_;
};

// The zone to be served beside the others: SOA, NS, and the address of the server where it has one. `names` answers in it,
// and may not have been made yet.
[[nodiscard]] std::unique_ptr<Zone> make_consul_zone(const ConsulSettings& settings, const ConsulNames* names);

// Whether an instance has the tag, whose labels are joined by dots, without regard to case.
[[nodiscard]] bool has_consul_tag(const registry::Instance& instance, std::string_view labels);

}  // namespace rollcall::answer
