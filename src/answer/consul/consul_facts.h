// What Consul's names need beyond what the roster has: weights of instances, and nodes that are not ours.
//
// Shape    an audience beside the roster. A service whose instances all came by the native API, or have nothing of their own to
//          tell, has no entry, and costs nothing.
// Order    shown changes before the roster is, so that whoever finds an instance there finds its facts here.
// Owner    the Server; a ServiceFacts and a NodeFacts are freed after their last reader.
// Threads  `find` and `find_node` any, under rcu::ReadLock; `publish`, `withdraw` the writer thread.
// Source   docs/consul-dns.md; src/consul/attributes.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/rcu.h"
#include "dns/name.h"
#include "registry/instance/instance.h"
#include "registry/ports/ports.h"

namespace rollcall::answer {

// An address of a node or an instance: an IP address, or the name of a host (wire form); or neither.
struct ConsulAddress {
  std::optional<IpAddress> ip = {};
  std::string host = {};
  [[nodiscard]] static ConsulAddress parse(std::string_view text);
  friend bool operator==(const ConsulAddress&, const ConsulAddress&) = default;
};

// A node's name may have dots: then it is several labels. Wire form without the root, in its own case; empty: no name in the DNS.
[[nodiscard]] std::string node_labels_of(std::string_view name);

// A node that instances of one datacenter are on, and that is not ours.
class NodeFacts final : public rcu::Entry {
 public:
  struct Key {
    registry::ZoneId zone{};
    std::string_view labels;  // folded
  };
  // In the order of the registration: what comes last about a node stands.
  NodeFacts(registry::ZoneId its_zone, std::string its_labels, ConsulAddress its_address, std::string its_txt)
      : zone(its_zone), labels(std::move(its_labels)), address(std::move(its_address)), txt(std::move(its_txt)) {}

  const registry::ZoneId zone;
  const std::string labels;  // folded wire form
  const ConsulAddress address;
  const std::string txt;  // RDATA, of its meta; empty: none

  [[nodiscard]] Key key() const { return {zone, labels}; }
  [[nodiscard]] bool has_key(const Key& other) const { return zone == other.zone && labels == other.labels; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept;
};

// Of one instance. What is not said has its default: weight 1, our own node.
struct InstanceFacts {
  std::string id;
  registry::ChangeIndex index = 0;  // of the version they are of
  std::uint16_t passing_weight = 1;
  std::uint16_t warning_weight = 1;
  bool has_node_address = false;  // it has no address of its own
  bool is_at_other_node = false;  // than ours
  std::string node_labels;        // of that node; empty: its name is none of the DNS
  ConsulAddress node_address;
  std::vector<std::pair<std::string, std::string>> node_meta;  // of a node that is not ours
};

class ServiceFacts final : public rcu::Entry {
 public:
  ServiceFacts(registry::ServiceKey its_key, std::vector<InstanceFacts> its_instances)
      : service(std::move(its_key)), instances(std::move(its_instances)) {}

  const registry::ServiceKey service;
  const std::vector<InstanceFacts> instances;  // sorted by id

  // Null: it has nothing but defaults.
  [[nodiscard]] const InstanceFacts* find(std::string_view id) const;

  using Key = registry::ServiceRef;
  [[nodiscard]] Key key() const { return service.ref(); }
  [[nodiscard]] bool has_key(const Key& other) const { return key() == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept { return registry::hash_of(key); }
};

class ConsulFacts final : public registry::Audience {
 public:
  void publish(const registry::Service& service) override;
  void withdraw(const registry::ServiceRef& service) override;

  [[nodiscard]] const ServiceFacts* find(const registry::ServiceRef& service) const noexcept {
    return services_.find(service);
  }
  [[nodiscard]] const NodeFacts* find_node(registry::ZoneId zone, std::string_view folded_labels) const noexcept {
    return nodes_.find({zone, folded_labels});
  }
  // Whether the labels are behind those of a node: its name has dots.
  [[nodiscard]] bool is_above_node(registry::ZoneId zone, std::string_view folded_labels) const noexcept {
    return above_.find({zone, folded_labels}) != nullptr;
  }

 private:
  using Nodes = rcu::Table<NodeFacts>;
  using Uses = std::map<std::pair<registry::ZoneId, std::string>, std::size_t>;
  // By labels; null where they are behind a node's.
  using NodesOfService = std::map<std::string, const InstanceFacts*>;
  void show_nodes(const ServiceFacts* before, const ServiceFacts* now);
  static void show(registry::ZoneId zone, const NodesOfService& before, const NodesOfService& now, Uses& uses,
                   Nodes& nodes);
  void replace(const registry::ServiceRef& service, std::unique_ptr<ServiceFacts> facts);

  rcu::Table<ServiceFacts> services_;
  Nodes nodes_;
  Nodes above_;
  Uses node_uses_;  // of the writer: by services, as the next
  Uses above_uses_;
};

}  // namespace rollcall::answer
