#include "api/consul/catalog.h"

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "api/consul/blocking.h"
#include "api/consul/responses.h"
#include "api/consul/rows.h"
#include "api/permission.h"
#include "base/ascii_case.h"
#include "consul/catalog_face.h"

namespace rollcall::api::consul {
namespace {

using registry::Instance;
using registry::LeaseTime;
using rollcall::consul::Attributes;

struct KnownNode {
  Attributes attributes;  // of an instance on it
  registry::ChangeIndex index = 0;
};

// The nodes that are not ours, by their names.
std::map<std::string, KnownNode> other_nodes(const Scene& scene, LeaseTime now) {
  std::map<std::string, KnownNode> nodes;
  scene.for_each_instance(now, [&](const Instance& instance) {
    if (!instance.attributes().contains(R"("node")")) return;
    Attributes attributes = rollcall::consul::parse_attributes(instance.attributes());
    if (!attributes.node || equal_but_for_case(attributes.node->name, scene.identity.node)) return;
    KnownNode& known = nodes[attributes.node->name];
    // Of several rows the newest says how the node is.
    if (known.index >= instance.index) return;
    known = {std::move(attributes), instance.index};
  });
  return nodes;
}

NodeView view_of(const Scene& scene, const KnownNode& known) {
  const rollcall::consul::ExternalNode& node = *known.attributes.node;
  return {node.id.empty() ? rollcall::consul::node_id_of(node.name) : node.id,
          node.name,
          node.address,
          scene.identity.datacenter(scene.zone),
          &node.meta,
          &node.tagged_addresses,
          known.index};
}

void put_nodes(json::Writer& out, const Scene& scene, const Selection& asked, LeaseTime now) {
  out.open_array();
  const auto put = [&](const NodeView& node) {
    if (!asked.takes_node(node.meta) || (asked.filter && !fits(*asked.filter, node))) return;
    put_node(out, node);
  };
  put(own_node(scene.identity, scene.zone, scene.catalog.node(scene.zone, "")));
  for (const auto& [name, known] : other_nodes(scene, now)) put(view_of(scene, known));
  out.close_array();
}

// Only names and tags: most instances' attributes need not be read.
void put_services(json::Writer& out, const Scene& scene, const Selection& asked, LeaseTime now) {
  struct Listed {
    std::string name;  // as its first instance spells it
    std::set<std::string_view> tags;
  };
  std::map<std::string_view, Listed> services;  // by their keys
  const bool is_plain = asked.node_meta.empty() && !asked.filter;
  scene.for_each_instance(now, [&](const Instance& instance) {
    if (!is_plain) {
      const rollcall::consul::Seen seen = rollcall::consul::see(instance, now);
      const Row row{instance, seen, scene.identity};
      if (!asked.takes(row) || (asked.filter && !fits(*asked.filter, row))) return;
    }
    const std::string_view key = instance.service().name;
    const auto [place, is_first] = services.try_emplace(key);
    if (is_first) place->second.name = rollcall::consul::face_of(instance).name;
    if (place->second.name.empty()) place->second.name = key;
    for (const std::string_view tag : instance.tags()) place->second.tags.insert(tag);
  });
  out.open_object();
  for (const auto& [key, listed] : services) {
    out.text_name(listed.name).open_array();
    for (const std::string_view tag : listed.tags) out.value(tag);
    out.close_array();
  }
  out.close_object();
}

enum class Services : std::uint8_t { by_id, in_list };

// `null` for a node that is not known; in the other form it has no services.
template <Services form>
void put_one_node(json::Writer& out, const Scene& scene, const std::string& name, const Selection& asked,
                  LeaseTime now) {
  const bool is_own = equal_but_for_case(name, scene.identity.node);
  std::vector<const Instance*> on_it;
  std::unordered_map<std::string_view, unsigned> uses;  // of an id
  scene.for_each_instance(now, [&](const Instance& instance) {
    const std::string node = rollcall::consul::face_of(instance).node;
    if (node.empty() ? !is_own : !equal_but_for_case(node, name)) return;
    on_it.push_back(&instance);
    ++uses[instance.id()];
  });
  if (!is_own && on_it.empty()) {
    out.raw(form == Services::by_id ? "null" : R"({"Node":null,"Services":[]})");
    return;
  }
  out.open_object();
  bool has_node = false;
  const auto begin = [&](const NodeView& node) {
    put_node(out.name("Node"), node);
    out.name("Services");
    if (form == Services::by_id) {
      out.open_object();
    } else {
      out.open_array();
    }
    has_node = true;
  };
  if (is_own) begin(own_node(scene.identity, scene.zone, scene.catalog.node(scene.zone, "")));
  for (const Instance* instance : on_it) {
    const rollcall::consul::Seen seen = rollcall::consul::see(*instance, now);
    const Row row{*instance, seen, scene.identity};
    if (!has_node) begin(row.node());
    if (asked.filter && !fits(*asked.filter, row)) continue;
    std::string id = seen.id;
    // Of other APIs than this one several services may have one id.
    if (uses[instance->id()] > 1 && instance->door() != registry::Door::consul) {
      id = std::string(instance->service().name).append("/").append(id);
    }
    put_node_service(form == Services::by_id ? out.text_name(id) : out, row, id);
  }
  if (form == Services::by_id) {
    out.close_object();
  } else {
    out.close_array();
  }
  out.close_object();
}

// There is no mesh: nothing has a proxy or a gateway.
void put_nothing(json::Writer& out, const Scene&, const registry::ServiceKey&, const Selection&, LeaseTime) {
  out.open_array().close_array();
}

// The rows of one service.
void put_service_rows(json::Writer& out, const Scene& scene, const registry::ServiceKey& service,
                      const Selection& asked, LeaseTime now) {
  out.open_array();
  scene.for_each_row(service, asked, now, [&](const Row& row) { put_catalog_service(out, row); });
  out.close_array();
}

}  // namespace

Routed list_catalog_datacenters(const Call& call) {
  json::Writer out;
  out.open_array();
  const auto& names = parts_of(call).identity.datacenters;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (call.standing.grant->covers(static_cast<registry::ZoneId>(i))) out.value(names[i]);
  }
  out.close_array();
  return json(out.take(), is_pretty(call));
}

Routed list_catalog_nodes(const Call& call) { return answer_zone(call, Listed::node, Lists::everything, &put_nodes); }

Routed list_catalog_services(const Call& call) {
  return answer_zone(call, Listed::catalog, Lists::names, &put_services);
}

Routed read_catalog_service(const Call& call) { return answer_service(call, Listed::catalog, &put_service_rows); }

Routed read_catalog_node(const Call& call) {
  return answer_node(call, Listed::service, &put_one_node<Services::by_id>);
}
Routed list_node_services(const Call& call) {
  return answer_node(call, Listed::service, &put_one_node<Services::in_list>);
}

Routed read_mesh(const Call& call) { return answer_service(call, Listed::catalog, &put_nothing); }

}  // namespace rollcall::api::consul
