#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "api/native/calls.h"
#include "api/native/describe.h"
#include "api/native/shown.h"
#include "api/problem.h"
#include "base/rcu.h"

namespace rollcall::api::native {
namespace {

using registry::Instance;
using registry::Service;

Response read(json::Writer& json, registry::ChangeIndex index) {
  Response response;
  response.body = json.take();
  response.headers.emplace_back("X-Rollcall-Index", std::to_string(index));
  return response;
}

bool is_asked_for(const Instance& instance, const Parameters& asked, registry::LeaseTime now) {
  if (!instance.is_there(now)) return false;  // ended, though perhaps not swept yet
  if (asked.status && instance.status != *asked.status) return false;
  return !asked.tag || std::ranges::binary_search(instance.tags(), std::string_view(*asked.tag));
}

// The services of a zone, as far as the grant covers them. Under a ReadLock.
Response show_services(const registry::Registry& registry, const registry::ZoneDirectory& zones, registry::ZoneId zone,
                       const Grant& grant, registry::LeaseTime now) {
  // Read before the services: a change that happens meanwhile has a higher index, and may be in the list or not.
  const registry::ChangeIndex index = registry.counts().index;
  std::vector<const Service*> services;
  registry.for_each_service([&](const Service& service) {
    if (service.service.zone == zone && grant.covers(service.key())) services.push_back(&service);
  });
  std::ranges::sort(services, {}, [](const Service* service) -> std::string_view { return service->service.name; });
  const std::string zone_name = zones.name_of(zone);
  json::Writer json;
  json.open_object().name("services").open_array();
  for (const Service* service : services) describe_service(json, *service, zone_name, now);
  json.close_array().close_object();
  return read(json, index);
}

// A service as it is now. Under a ReadLock.
Response show_service(const registry::Registry& registry, const registry::ZoneDirectory& zones,
                      const registry::ServiceKey& key, const Parameters& asked, registry::LeaseTime now) {
  const Service* service = registry.find_service(key.ref());
  const std::string zone = zones.name_of(key.zone);
  if (service == nullptr) {
    return problem(Error{Errc::unknown_service,
                         fmt::format("zone {} knows no service \"{}\"; it comes with the first instance that registers",
                                     zone, key.name)});
  }
  json::Writer json;
  json.open_object().member("service", key.name).member("zone", zone).member("index", service->index);
  json.name("instances").open_array();
  for (const Instance* instance : service->instances) {
    if (is_asked_for(*instance, asked, now)) describe_instance(json, *instance, zone, now);
  }
  json.close_array().close_object();
  return read(json, service->index);
}

// An instance as it is now. Under a ReadLock.
Response show_instance(const registry::Registry& registry, const registry::ZoneDirectory& zones,
                       const registry::InstanceKey& key, registry::LeaseTime now) {
  const Instance* instance = registry.find_instance(key.ref());
  if (instance == nullptr || !instance->is_there(now)) {
    return problem(Error{Errc::unknown_instance,
                         fmt::format("service \"{}\" has no instance \"{}\", or its lease has ended; register again",
                                     key.service.name, key.id)});
  }
  json::Writer json(512);
  describe_instance(json, *instance, zones.name_of(key.service.zone), now);
  return read(json, instance->index);
}

}  // namespace

// Shows the services that the caller may read.
Routed list_services(const Call& call) {
  if (const auto permitted = permit(call, call.zone()); !permitted) return problem(permitted.error());
  const bool is_long = call.registry.counts().services > limits::k_http_list_at_once_max;
  if (!is_long && !asks_for_more(call)) {
    return show_services(call.registry, call.zones, call.zone(), *call.standing.grant, call.now);
  }
  Show show = [&registry = call.registry, &zones = call.zones, zone = call.zone(),
               grant = *call.standing.grant](registry::LeaseTime now) {
    const rcu::ReadLock lock;
    return show_services(registry, zones, zone, grant, now);
  };
  if (auto waiting = wait_until_shown(call, is_long, show)) return std::move(*waiting);
  if (is_long) return LongAnswer{std::move(show)};
  return show(call.now);
}

// With `index` and `wait` a blocking query: answered when the service is at another index than the one given. A service that
// never existed is at 0. A higher index is another one too: it comes from another database.
Routed read_service(const Call& call) {
  Result<std::string> name = parse_service(call);
  if (!name) return problem(name.error());
  registry::ServiceKey key{call.zone(), std::move(*name)};
  const Service* service = call.registry.find_service(key.ref());
  const registry::ChangeIndex index = service == nullptr ? 0 : service->index;
  const bool is_long = service != nullptr && service->instances.size() > limits::k_http_list_at_once_max;
  const bool waits = call.parameters.wait && call.parameters.index == index;
  if (!waits && !is_long && !asks_for_more(call)) {
    return show_service(call.registry, call.zones, key, call.parameters, call.now);
  }
  Show show = [&registry = call.registry, &zones = call.zones, key, asked = call.parameters](registry::LeaseTime now) {
    const rcu::ReadLock lock;
    return show_service(registry, zones, key, asked, now);
  };
  if (auto waiting = wait_until_shown(call, is_long, show)) return std::move(*waiting);
  if (!waits && !is_long) return show(call.now);
  if (!waits) return LongAnswer{std::move(show)};
  return Wait{.until = registry::await_service(call.waiters, call.registry, std::move(key), index),
              .at_most = *call.parameters.wait,
              .answer = std::move(show),
              .is_long = is_long};
}

Routed read_instance(const Call& call) {
  Result<registry::InstanceKey> key = parse_instance_key(call);
  if (!key) return problem(key.error());
  if (!asks_for_more(call)) return show_instance(call.registry, call.zones, *key, call.now);
  Show show = [&registry = call.registry, &zones = call.zones, key = std::move(*key)](registry::LeaseTime now) {
    const rcu::ReadLock lock;
    return show_instance(registry, zones, key, now);
  };
  if (auto waiting = wait_until_shown(call, false, show)) return std::move(*waiting);
  return show(call.now);
}

}  // namespace rollcall::api::native
