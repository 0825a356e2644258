#include "api/consul/rows.h"

#include <algorithm>
#include <utility>

#include "api/consul/blocking.h"
#include "api/consul/responses.h"
#include "api/permission.h"
#include "base/ascii_case.h"
#include "base/limits.h"
#include "consul/names.h"

namespace rollcall::api::consul {
namespace {

using registry::ChangeIndex;
using registry::LeaseTime;

// What every read of this kind reads first.
struct Asked {
  Scene scene;
  Selection selection;
  Blocking blocking;
};

std::expected<Asked, Response> read_call(const Call& call, Listed listed) {
  if (auto consistent = check_consistency(call); !consistent) return std::unexpected(std::move(consistent.error()));
  const auto zone = zone_of(call);
  if (!zone) return std::unexpected(zone.error());
  auto blocking = read_blocking(call);
  if (!blocking) return std::unexpected(std::move(blocking.error()));
  auto selection = read_selection(call, listed);
  if (!selection) return std::unexpected(std::move(selection.error()));
  const Parts& parts = parts_of(call);
  return Asked{{call.registry, parts.identity, parts.catalog, *zone, *call.standing.grant, consistency_of(call),
                is_pretty(call)},
               std::move(*selection),
               *blocking};
}

template <class Put>
Response respond(const Scene& scene, ChangeIndex index, std::size_t bytes, Put put) {
  json::Writer out(bytes);
  put(out);
  Response response = json(out.take(), scene.is_pretty);
  put_headers(response, {index, scene.consistency});
  return response;
}

bool is_long_list(const Call& call) { return call.registry.counts().instances > limits::k_http_list_at_once_max; }

// The index of a service; of one that is not there the caller's own, as long as it cannot have missed the end of one.
ChangeIndex index_of(const Scene& scene, const registry::ServiceKey& key, ChangeIndex known) {
  const registry::Service* service = scene.registry.find_service(key.ref());
  if (service != nullptr) return std::max<ChangeIndex>(service->index, 1);
  const ChangeIndex last = std::max<ChangeIndex>(scene.registry.counts().index, 1);
  return known >= scene.catalog.missing_since(scene.zone) && known <= last && known > 0 ? known : last;
}

constexpr std::size_t k_row_bytes = 1024;  // of a row, about

}  // namespace

Routed answer_zone(const Call& call, Listed listed, Lists lists, PutZone put) {
  auto asked = read_call(call, listed);
  if (!asked) return std::move(asked.error());
  const registry::ZoneId zone = asked->scene.zone;
  if (const auto permitted = permit(call, zone); !permitted) return refused(permitted.error());
  const registry::CatalogIndex& catalog = asked->scene.catalog;
  const ChangeIndex known = asked->blocking.known;
  return answer(
      call, asked->blocking,
      {.index = lists == Lists::names ? catalog.names(zone) : catalog.everything(zone),
       .await =
           [&] {
             return lists == Lists::names ? catalog.await_names(zone, known) : catalog.await_everything(zone, known);
           },
       .show =
           [scene = asked->scene, selection = std::move(asked->selection), lists, put = std::move(put)](LeaseTime now) {
             const rcu::ReadLock lock;
             // Read before the roll: what changes meanwhile has a higher index.
             const ChangeIndex index =
                 lists == Lists::names ? scene.catalog.names(scene.zone) : scene.catalog.everything(scene.zone);
             return respond(scene, index, 4 * k_row_bytes, [&](json::Writer& out) { put(out, scene, selection, now); });
           },
       .is_long = is_long_list(call)});
}

namespace {

// Until when a body that is written now says how the leases are.
LeaseTime good_until(const registry::Service& service, LeaseTime now) {
  LeaseTime until = LeaseTime::max();
  for (const registry::Instance* instance : service.instances) {
    if (instance->lease_kind() == registry::LeaseKind::none) continue;
    const LeaseTime end = instance->lease.expires_at();
    if (end > now) until = std::min(until, end);
  }
  return until;
}

struct ServiceRead {
  Scene scene;
  Selection selection;
  registry::ServiceKey key;
  ChangeIndex known;
  PutService put;
  Bodies* bodies;  // null: none is kept

  Response operator()(LeaseTime now) const {
    const rcu::ReadLock lock;
    const registry::Service* service = scene.registry.find_service(key.ref());
    const ChangeIndex index = index_of(scene, key, known);
    const bool is_kept = bodies != nullptr && service != nullptr && selection.is_whole() && !scene.is_pretty;
    if (is_kept) {
      if (const Bodies::Shared body = bodies->find(key, selection.is_passing, index, now)) {
        Response response = json(*body);
        put_headers(response, {index, scene.consistency});
        return response;
      }
    }
    const std::size_t rows = service == nullptr ? 0 : service->instances.size();
    const LeaseTime until = is_kept ? good_until(*service, now) : now;
    Response response = respond(scene, index, (rows + 1) * k_row_bytes,
                                [&](json::Writer& out) { put(out, scene, key, selection, now); });
    if (is_kept) bodies->put(key, selection.is_passing, index, until, response.body);
    return response;
  }
};

Routed answer_service(Bodies* bodies, const Call& call, Listed listed, PutService put) {
  const std::string name = rest_of(call);
  if (name.empty()) return text(400, "Missing service name");
  auto asked = read_call(call, listed);
  if (!asked) return std::move(asked.error());
  Result<std::string> folded = rollcall::consul::parse_service_name(name);
  if (!folded) return text(400, folded.error().message);
  const registry::ServiceKey key{asked->scene.zone, std::move(*folded)};
  if (const auto permitted = permit(call, key.ref()); !permitted) return refused(permitted.error());
  const registry::Service* service = call.registry.find_service(key.ref());
  const ChangeIndex index = index_of(asked->scene, key, asked->blocking.known);
  const std::size_t rows = service == nullptr ? 0 : service->instances.size();
  const auto await = [&] {
    return registry::await_service(call.waiters, call.registry, key, service == nullptr ? 0 : service->index);
  };
  return answer(
      call, asked->blocking,
      {.index = index,
       .await = await,
       .show = ServiceRead{asked->scene, std::move(asked->selection), key, asked->blocking.known, put, bodies},
       .is_long = rows > limits::k_http_list_at_once_max});
}

}  // namespace

Routed answer_service(const Call& call, Listed listed, PutService put) {
  return answer_service(nullptr, call, listed, put);
}

Routed answer_service_from(Bodies& bodies, const Call& call, Listed listed, PutService put) {
  return answer_service(&bodies, call, listed, put);
}

Routed answer_node(const Call& call, Listed listed, PutNode put) {
  std::string name = rest_of(call);
  if (name.empty()) return text(400, "Missing node name");
  auto asked = read_call(call, listed);
  if (!asked) return std::move(asked.error());
  const registry::ZoneId zone = asked->scene.zone;
  if (const auto permitted = permit(call, zone); !permitted) return refused(permitted.error());
  const registry::CatalogIndex& catalog = asked->scene.catalog;
  const ChangeIndex known = asked->blocking.known;
  const std::string indexed = equal_but_for_case(name, asked->scene.identity.node) ? std::string() : name;
  return answer(
      call, asked->blocking,
      {.index = std::max<ChangeIndex>(catalog.node(zone, indexed), 1),
       .await = [&] { return catalog.await_node(zone, indexed, known); },
       .show =
           [scene = asked->scene, selection = std::move(asked->selection), name, indexed, put](LeaseTime now) {
             const rcu::ReadLock lock;
             const ChangeIndex index = scene.catalog.node(scene.zone, indexed);
             return respond(scene, index, 4 * k_row_bytes,
                            [&](json::Writer& out) { put(out, scene, name, selection, now); });
           },
       .is_long = is_long_list(call)});
}

}  // namespace rollcall::api::consul
