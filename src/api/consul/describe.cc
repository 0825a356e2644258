#include "api/consul/describe.h"

#include "consul/go_duration.h"

namespace rollcall::api::consul {
namespace {

using registry::Instance;
using rollcall::consul::Attributes;
using rollcall::consul::SeenCheck;
using Texts = std::map<std::string, std::string>;

void put_texts(json::Writer& out, const Texts* texts) {
  out.open_object();
  if (texts != nullptr) {
    for (const auto& [key, text] : *texts) out.text_name(key).value(text);
  }
  out.close_object();
}

void put_tags(json::Writer& out, const Row& row) {
  out.open_array();
  for (const std::string& tag : row.seen.tags) out.value(tag);
  out.close_array();
}

void put_meta(json::Writer& out, const Instance& instance) {
  out.open_object();
  for (const auto& [key, value] : instance.meta()) out.text_name(key).value(value);
  out.close_object();
}

void put_weights(json::Writer& out, const Attributes& attributes) {
  out.open_object().member("Passing", attributes.weights.passing).member("Warning", attributes.weights.warning);
  out.close_object();
}

// Of a service: with ports.
void put_service_addresses(json::Writer& out, const Row& row) {
  out.open_object();
  for (const auto& [name, address] : row.seen.attributes.tagged_addresses) {
    out.text_name(name).open_object().member("Address", address.address).member("Port", address.port).close_object();
  }
  out.close_object();
}

// Of a node: texts. Java's client ends where wan is missing, but takes null for a node that is not ours and named none.
void put_node_addresses(json::Writer& out, const NodeView& node) {
  if (node.tagged_addresses != nullptr && node.tagged_addresses->empty()) {
    out.raw("null");
    return;
  }
  if (node.tagged_addresses != nullptr && node.tagged_addresses->contains("lan") &&
      node.tagged_addresses->contains("wan")) {
    return put_texts(out, node.tagged_addresses);
  }
  out.open_object();
  const auto is_given = [&](const char* name) {
    return node.tagged_addresses != nullptr && node.tagged_addresses->contains(name);
  };
  if (!is_given("lan")) out.member("lan", node.address);
  if (!is_given("wan")) out.member("wan", node.address);
  if (node.tagged_addresses != nullptr) {
    for (const auto& [key, text] : *node.tagged_addresses) out.text_name(key).value(text);
  }
  out.close_object();
}

void put_indexes(json::Writer& out, registry::ChangeIndex index) {
  out.member("CreateIndex", index).member("ModifyIndex", index);
}

void put_indexes(json::Writer& out, const Row& row) {
  out.member("CreateIndex", rollcall::consul::created_index(row.seen.attributes, row.instance.index));
  out.member("ModifyIndex", row.instance.index);
}

// The members of a service, without the braces.
void put_service(json::Writer& out, const Row& row, std::string_view id) {
  const Attributes& attributes = row.seen.attributes;
  if (!attributes.kind.empty()) out.member("Kind", attributes.kind);
  out.member("ID", id).member("Service", row.seen.name);
  put_tags(out.name("Tags"), row);
  out.member("Address", row.seen.address);
  put_service_addresses(out.name("TaggedAddresses"), row);
  put_meta(out.name("Meta"), row.instance);
  out.member("Port", row.instance.port());
  put_weights(out.name("Weights"), attributes);
  out.member("EnableTagOverride", attributes.enable_tag_override);
  put_indexes(out, row);
}

}  // namespace

NodeView own_node(const rollcall::consul::Identity& identity, registry::ZoneId zone, registry::ChangeIndex index) {
  return {identity.node_id, identity.node, identity.address, identity.datacenter(zone), nullptr, nullptr, index};
}

NodeView Row::node() const {
  const auto& external = seen.attributes.node;
  const registry::ZoneId zone = instance.service().zone;
  if (!external) return own_node(identity, zone, instance.index);
  return {external->id.empty() ? rollcall::consul::node_id_of(external->name) : external->id,
          external->name,
          external->address,
          identity.datacenter(zone),
          &external->meta,
          &external->tagged_addresses,
          instance.index};
}

void put_node(json::Writer& out, const NodeView& node) {
  out.open_object().member("ID", node.id).member("Node", node.name).member("Address", node.address);
  out.member("Datacenter", node.datacenter);
  put_node_addresses(out.name("TaggedAddresses"), node);
  put_texts(out.name("Meta"), node.meta);
  put_indexes(out, node.index);
  out.close_object();
}

void put_catalog_service(json::Writer& out, const Row& row) {
  const NodeView node = row.node();
  const Attributes& attributes = row.seen.attributes;
  out.open_object().member("ID", node.id).member("Node", node.name).member("Address", node.address);
  out.member("Datacenter", node.datacenter);
  put_node_addresses(out.name("TaggedAddresses"), node);
  put_texts(out.name("NodeMeta"), node.meta);
  out.member("ServiceKind", attributes.kind).member("ServiceID", row.seen.id).member("ServiceName", row.seen.name);
  put_tags(out.name("ServiceTags"), row);
  out.member("ServiceAddress", row.seen.address);
  put_service_addresses(out.name("ServiceTaggedAddresses"), row);
  put_weights(out.name("ServiceWeights"), attributes);
  put_meta(out.name("ServiceMeta"), row.instance);
  out.member("ServicePort", row.instance.port());
  out.member("ServiceEnableTagOverride", attributes.enable_tag_override);
  out.name("ServiceProxy").raw("{}").name("ServiceConnect").raw("{}");
  put_indexes(out, row);
  out.close_object();
}

void put_health_entry(json::Writer& out, const Row& row) {
  put_node(out.open_object().name("Node"), row.node());
  put_service(out.name("Service").open_object(), row, row.seen.id);
  out.close_object().name("Checks").open_array();
  for (const SeenCheck& check : row.seen.checks) put_health_check(out, row, check);
  out.close_array().close_object();
}

void put_node_service(json::Writer& out, const Row& row, std::string_view id) {
  put_service(out.open_object(), row, id);
  out.close_object();
}

void put_health_check(json::Writer& out, const Row& row, const SeenCheck& check) {
  out.open_object().member("Node", row.node_name()).member("CheckID", check.id).member("Name", check.name);
  out.member("Status", health::to_text(check.status)).member("Notes", check.notes).member("Output", check.output);
  if (check.is_of_node) {
    out.member("ServiceID", "").member("ServiceName", "").name("ServiceTags").open_array().close_array();
  } else {
    out.member("ServiceID", row.seen.id).member("ServiceName", row.seen.name);
    put_tags(out.name("ServiceTags"), row);
  }
  out.member("Type", check.type);
  if (check.definition.interval.count() != 0) {
    out.member("Interval", rollcall::consul::format_go_duration(check.definition.interval));
  }
  if (check.definition.timeout.count() != 0) {
    out.member("Timeout", rollcall::consul::format_go_duration(check.definition.timeout));
  }
  put_indexes(out, row);
  out.close_object();
}

}  // namespace rollcall::api::consul
