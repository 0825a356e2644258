// JSON of nodes, services and checks as the calls below /v1/catalog/ and /v1/health/ show them.
//
// Shape    written straight into the text of the answer. Lists and maps are never null; a check has no "Definition", on whose
//          null Go's clients end. Node.TaggedAddresses has lan and wan, and is null of a node that is not ours and named none.
// Owner    a Row borrows.
// Threads  under a ReadLock.
// Source   docs/consul-catalog.md.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "consul/identity.h"
#include "consul/seen.h"
#include "json/writer.h"
#include "registry/instance/instance.h"

namespace rollcall::api::consul {

struct NodeView {
  std::string id;
  std::string_view name;
  std::string_view address;
  std::string_view datacenter;
  const std::map<std::string, std::string>* meta;              // null: none
  const std::map<std::string, std::string>* tagged_addresses;  // null pointer: lan and wan are the address
  registry::ChangeIndex index;
};

[[nodiscard]] NodeView own_node(const rollcall::consul::Identity& identity, registry::ZoneId zone,
                                registry::ChangeIndex index);

// An instance, and what clients of this API see of it.
struct Row {
  const registry::Instance& instance;
  const rollcall::consul::Seen& seen;
  const rollcall::consul::Identity& identity;

  [[nodiscard]] std::string_view node_name() const {
    return seen.attributes.node ? std::string_view(seen.attributes.node->name) : std::string_view(identity.node);
  }
  [[nodiscard]] NodeView node() const;
};

// `{ID, Node, Address, Datacenter, TaggedAddresses, Meta, CreateIndex, ModifyIndex}`
void put_node(json::Writer& out, const NodeView& node);
// One of catalog/service/:name, with its node's fields beside its own.
void put_catalog_service(json::Writer& out, const Row& row);
// One of health/service/:name: `{Node, Service, Checks}`.
void put_health_entry(json::Writer& out, const Row& row);
// One of catalog/node/:name, by the id it has there.
void put_node_service(json::Writer& out, const Row& row, std::string_view id);
void put_health_check(json::Writer& out, const Row& row, const rollcall::consul::SeenCheck& check);

}  // namespace rollcall::api::consul
