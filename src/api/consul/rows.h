// Reads of the catalog and of health: what they have in common, from the parameters to the headers.
//
// Shape    a `put` writes the body. It is called now, or when a blocking call has waited; what it needs of the call is copied
//          into a Scene.
// Threads  a `put` under a ReadLock, on any thread.
// Grants   services that the caller may not read are not there; naming one is 403.
// Source   docs/consul-catalog.md.
#pragma once

#include <functional>
#include <string>

#include "api/access.h"
#include "api/consul/bodies.h"
#include "api/consul/describe.h"
#include "api/consul/door.h"
#include "api/consul/selection.h"
#include "base/rcu.h"
#include "registry/registry.h"

namespace rollcall::api::consul {

// What outlives the call.
struct Scene {
  const registry::Registry& registry;
  const rollcall::consul::Identity& identity;
  const registry::CatalogIndex& catalog;
  registry::ZoneId zone;
  Grant grant;
  std::string_view consistency;
  bool is_pretty;

  // Every instance of the zone that the caller may read.
  template <class F>
  void for_each_instance(registry::LeaseTime now, F&& visit) const {
    registry.for_each_service([&](const registry::Service& service) {
      if (service.service.zone != zone || !grant.covers(service.key())) return;
      for (const registry::Instance* instance : service.instances) {
        if (instance->is_there(now)) visit(*instance);
      }
    });
  }
  // Those of one service that are selected, by their ids.
  template <class F>
  void for_each_row(const registry::ServiceKey& key, const Selection& asked, registry::LeaseTime now, F&& visit) const {
    const registry::Service* service = registry.find_service(key.ref());
    if (service == nullptr) return;
    for (const registry::Instance* instance : service->instances) {
      if (!instance->is_there(now) || !asked.takes(*instance)) continue;
      const rollcall::consul::Seen seen = rollcall::consul::see(*instance, now);
      const Row row{*instance, seen, identity};
      if (asked.takes(row) && (!asked.filter || fits(*asked.filter, row))) visit(row);
    }
  }
};

// Which changes a list of a zone waits for.
enum class Lists : std::uint8_t { names, everything };

using PutZone = std::function<void(json::Writer&, const Scene&, const Selection&, registry::LeaseTime)>;
[[nodiscard]] Routed answer_zone(const Call& call, Listed listed, Lists lists, PutZone put);

// The rest of the path names a service: 400 where it is missing.
using PutService = void (*)(json::Writer&, const Scene&, const registry::ServiceKey&, const Selection&,
                            registry::LeaseTime);
[[nodiscard]] Routed answer_service(const Call& call, Listed listed, PutService put);
// The same; a whole body, or a whole one of those that pass, is kept for the next.
[[nodiscard]] Routed answer_service_from(Bodies& bodies, const Call& call, Listed listed, PutService put);

// The rest of the path names a node.
using PutNode = void (*)(json::Writer&, const Scene&, const std::string&, const Selection&, registry::LeaseTime);
[[nodiscard]] Routed answer_node(const Call& call, Listed listed, PutNode put);

}  // namespace rollcall::api::consul
