#include "answer/consul/consul_facts.h"

#include <algorithm>

#include "base/ascii_case.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "consul/attributes.h"

namespace rollcall::answer {
namespace {

// One string for each pair. A key that begins so gives its value alone, as in Consul.
constexpr std::string_view k_value_alone = "rfc1035-";
// What is longer is left out: an answer over UDP is to hold it.
constexpr std::size_t k_txt_bytes_max = 1024;

std::string txt_of(const std::vector<std::pair<std::string, std::string>>& meta) {
  std::string rdata;
  for (const auto& [key, value] : meta) {
    const std::string text = key.starts_with(k_value_alone) ? value : key + '=' + value;
    if (text.size() > limits::k_txt_string_bytes_max || rdata.size() + 1 + text.size() > k_txt_bytes_max) {
      continue;
    }
    rdata += static_cast<char>(text.size());
    rdata += text;
  }
  return rdata;
}

std::optional<InstanceFacts> facts_of(const registry::Instance& instance) {
  const std::string_view text = instance.attributes();
  if (!text.contains("\"weights\"") && !text.contains("\"node")) return std::nullopt;  // most, without reading them
  const consul::Attributes attributes = consul::parse_attributes(instance.attributes());
  InstanceFacts facts{.id = std::string(instance.id()),
                      .index = instance.index,
                      .passing_weight = attributes.weights.passing,
                      .warning_weight = attributes.weights.warning,
                      .has_node_address = attributes.has_node_address,
                      .is_at_other_node = attributes.node.has_value(),
                      .node_labels = {},
                      .node_address = {},
                      .node_meta = {}};
  if (attributes.node) {
    facts.node_labels = node_labels_of(attributes.node->name);
    facts.node_address = ConsulAddress::parse(attributes.node->address);
    facts.node_meta.assign(attributes.node->meta.begin(), attributes.node->meta.end());
  }
  const bool is_default =
      facts.passing_weight == 1 && facts.warning_weight == 1 && !facts.has_node_address && !facts.is_at_other_node;
  return is_default ? std::nullopt : std::optional(std::move(facts));
}

}  // namespace

ConsulAddress ConsulAddress::parse(std::string_view text) {
  if (text.empty()) return {};
  if (std::optional<IpAddress> ip = IpAddress::parse(text)) return {.ip = ip, .host = {}};
  const std::optional<dns::Name> host = dns::Name::parse(text);
  if (!host || host->is_root()) return {};
  return {.ip = std::nullopt, .host = std::string(text_of(host->wire()))};
}

std::string node_labels_of(std::string_view name) {
  std::string labels;
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > limits::k_label_bytes_max) return {};
    labels += static_cast<char>(label.size());
    labels += label;
    if (label.size() == name.size()) break;
    name.remove_prefix(label.size() + 1);
  }
  return labels.size() < limits::k_name_bytes_max ? labels : std::string();
}

std::uint64_t NodeFacts::hash(const Key& key) noexcept {
  static const std::uint64_t seed = hash_seed();
  return hash_bytes(key.labels, seed ^ static_cast<std::uint64_t>(key.zone));
}

const InstanceFacts* ServiceFacts::find(std::string_view id) const {
  const auto at = std::ranges::lower_bound(instances, id, {}, &InstanceFacts::id);
  return at == instances.end() || at->id != id ? nullptr : &*at;
}

void ConsulFacts::publish(const registry::Service& service) {
  const rcu::ReadLock lock;
  const ServiceFacts* before = find(service.key());
  std::vector<InstanceFacts> instances;
  for (const registry::Instance* instance : service.instances) {  // in the order of their ids
    // One change of a large service reads the attributes of one instance.
    const InstanceFacts* known = before == nullptr ? nullptr : before->find(instance->id());
    if (known != nullptr && known->index == instance->index) {
      instances.push_back(*known);
    } else if (std::optional<InstanceFacts> facts = facts_of(*instance)) {
      instances.push_back(std::move(*facts));
    }
  }
  std::unique_ptr<ServiceFacts> facts;
  if (!instances.empty()) facts = std::make_unique<ServiceFacts>(service.service, std::move(instances));
  replace(service.key(), std::move(facts));
}

void ConsulFacts::withdraw(const registry::ServiceRef& service) { replace(service, nullptr); }

void ConsulFacts::replace(const registry::ServiceRef& service, std::unique_ptr<ServiceFacts> facts) {
  const rcu::ReadLock lock;
  const ServiceFacts* before = services_.find(service);
  if (before == nullptr && facts == nullptr) return;
  show_nodes(before, facts.get());
  std::unique_ptr<const ServiceFacts> old;
  if (facts == nullptr) {
    old = services_.remove(*before);
  } else {
    old = services_.publish(std::move(facts));
  }
  if (old != nullptr) rcu::Entry::retire(std::move(old));
}

// A node is there as long as one of its instances is, whatever their health.
void ConsulFacts::show_nodes(const ServiceFacts* before, const ServiceFacts* now) {
  const auto nodes_of = [](const ServiceFacts* facts) {
    NodesOfService nodes;
    if (facts == nullptr) return nodes;
    for (const InstanceFacts& instance : facts->instances) {
      if (!instance.node_labels.empty()) nodes[to_lower(instance.node_labels)] = &instance;
    }
    return nodes;
  };
  const auto above = [](const NodesOfService& nodes) {
    NodesOfService names;
    for (const auto& [labels, facts] : nodes) {
      std::string_view rest = labels;
      while (true) {
        rest.remove_prefix(1U + static_cast<std::uint8_t>(rest.front()));
        if (rest.empty()) break;
        names.emplace(rest, nullptr);
      }
    }
    return names;
  };
  const NodesOfService had = nodes_of(before);
  const NodesOfService has = nodes_of(now);
  if (had.empty() && has.empty()) return;
  const registry::ZoneId zone = now != nullptr ? now->service.zone : before->service.zone;
  show(zone, had, has, node_uses_, nodes_);
  show(zone, above(had), above(has), above_uses_, above_);
}

void ConsulFacts::show(registry::ZoneId zone, const NodesOfService& before, const NodesOfService& now, Uses& uses,
                       Nodes& nodes) {
  for (const auto& [labels, facts] : now) {
    if (!before.contains(labels)) ++uses[{zone, labels}];
    const NodeFacts* shown = nodes.find({zone, labels});
    const ConsulAddress address = facts == nullptr ? ConsulAddress{} : facts->node_address;
    std::string txt = facts == nullptr ? std::string() : txt_of(facts->node_meta);
    if (shown != nullptr && shown->address == address && shown->txt == txt) continue;
    auto old = nodes.publish(std::make_unique<NodeFacts>(zone, labels, address, std::move(txt)));
    if (old != nullptr) rcu::Entry::retire(std::move(old));
  }
  for (const auto& [labels, facts] : before) {
    if (now.contains(labels)) continue;
    const auto use = uses.find({zone, labels});
    check(use != uses.end(), "a node that goes was counted");
    if (--use->second > 0) continue;
    uses.erase(use);
    const NodeFacts* shown = nodes.find({zone, labels});
    check(shown != nullptr, "a node that is counted is shown");
    rcu::Entry::retire(nodes.remove(*shown));
  }
}

}  // namespace rollcall::answer
