// What the agent knows: itself, its services and its checks.
#include <fmt/format.h>
#include <functional>
#include <map>
#include <utility>

#include "api/consul/agent/calls.h"
#include "api/consul/agent/shown.h"
#include "api/consul/blocking.h"
#include "api/consul/door.h"
#include "api/consul/responses.h"
#include "api/consul/selection.h"
#include "api/permission.h"
#include "base/ascii_case.h"
#include "base/rcu.h"

namespace rollcall::api::consul {
namespace {

using health::CheckStatus;
using registry::Instance;
using rollcall::consul::Seen;

constexpr std::string_view k_revision = "rollcall";
constexpr int k_serf_port = 8301;  // nobody listens there; clients want a number

void put_member(json::Writer& out, const rollcall::consul::Identity& self) {
  out.open_object().member("Name", self.node).member("Addr", self.address).member("Port", k_serf_port);
  out.name("Tags").open_object();
  out.member("dc", self.datacenters.front()).member("id", self.node_id).member("role", "consul");
  out.member("build", self.version);
  out.close_object();
  out.member("Status", 1).member("ProtocolMin", 1).member("ProtocolMax", 5).member("ProtocolCur", 2);
  out.member("DelegateMin", 2).member("DelegateMax", 5).member("DelegateCur", 4).close_object();
}

// The answer to a read of a service's health says by its status what it is.
unsigned status_of(CheckStatus status) {
  switch (status) {
    case CheckStatus::passing: return 200;
    case CheckStatus::warning: return 429;
    case CheckStatus::critical: break;
  }
  return 503;
}

// Maintenance has a word of its own.
std::string_view aggregated_status(const Seen& seen) {
  for (const auto& check : seen.checks) {
    if (check.type == "maintenance") return "maintenance";
  }
  return health::to_text(rollcall::consul::worst_of(seen.checks));
}

void put_health(json::Writer& out, const Call& call, const Instance& instance, const Seen& seen) {
  out.open_object().member("AggregatedStatus", aggregated_status(seen));
  put_service(out.name("Service"), parts_of(call).identity, instance, seen);
  out.name("Checks").open_array();
  for (const auto& check : seen.checks) put_check(out, call, instance, seen, check);
  out.close_array().close_object();
}

bool wants_text(const Call& call) {
  const std::string* format = call.query.find("format");
  if (format != nullptr) return *format == "text";
  return call.request.header("Accept").starts_with("text/plain");
}

// One service with its ContentHash; it outlives the call, which may wait for another hash.
struct ShownService {
  const registry::Registry& registry;
  const rollcall::consul::Identity& identity;
  registry::InstanceKey key;
  std::string id;
  bool is_pretty;

  Response operator()(registry::LeaseTime now) const {
    const rcu::ReadLock lock;
    const Instance* instance = registry.find_instance(key.ref());
    if (instance == nullptr) return text(404, fmt::format("unknown service ID: {}", id));
    std::string content_hash;
    Response response =
        json(service_with_hash(identity, *instance, see_as(*instance, id, now), content_hash), is_pretty);
    response.headers.emplace_back("X-Consul-ContentHash", std::move(content_hash));
    return response;
  }
  [[nodiscard]] std::string hash(registry::LeaseTime now) const {
    const rcu::ReadLock lock;
    const Instance* instance = registry.find_instance(key.ref());
    std::string content_hash;
    if (instance != nullptr) {
      static_cast<void>(service_with_hash(identity, *instance, see_as(*instance, id, now), content_hash));
    }
    return content_hash;
  }
};

Response health_response(const Call& call, CheckStatus worst, std::string_view word, std::string body) {
  Response response = wants_text(call) ? text(200, std::string(word)) : json(std::move(body), is_pretty(call));
  response.status = status_of(worst);
  return response;
}

}  // namespace

Routed read_self(const Call& call) {
  const rollcall::consul::Identity& self = parts_of(call).identity;
  json::Writer out(1024);
  out.open_object();
  out.name("Config").open_object();
  out.member("Datacenter", self.datacenters.front()).member("PrimaryDatacenter", self.datacenters.front());
  out.member("NodeName", self.node).member("NodeID", self.node_id).member("Server", true);
  out.member("Revision", k_revision).member("Version", self.version).close_object();
  out.name("DebugConfig").open_object().close_object();
  out.name("Coord").raw("null");
  out.name("Member");
  put_member(out, self);
  out.name("Stats").open_object().close_object();
  out.name("Meta").open_object().close_object();
  out.close_object();
  return json(out.take(), is_pretty(call));
}

Routed read_members(const Call& call) {
  json::Writer out;
  out.open_array();
  put_member(out, parts_of(call).identity);
  out.close_array();
  return json(out.take(), is_pretty(call));
}

Routed list_services(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  const auto filter = read_filter(call, Listed::service);
  if (!filter) return filter.error();
  json::Writer out;
  out.open_object();
  for_each_of(call, agent_of(call, *zone), [&](const Instance& instance, const Seen& seen) {
    if (*filter && !fits(**filter, Row{instance, seen, parts_of(call).identity})) return;
    put_service(out.text_name(seen.id), parts_of(call).identity, instance, seen);
  });
  out.close_object();
  return json(out.take(), is_pretty(call));
}

Routed read_service(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  const std::string id = rest_of(call);
  const Instance* instance = find_service(call, agent_of(call, *zone), id);
  if (instance == nullptr || !permit(call, instance->service()))
    return text(404, fmt::format("unknown service ID: {}", id));
  const auto blocking = read_blocking(call);
  if (!blocking) return blocking.error();
  ShownService shown{call.registry, parts_of(call).identity, instance->owned_key(), id, is_pretty(call)};
  const std::string* known = call.query.find("hash");
  if (known == nullptr || known->empty() || *known != shown.hash(call.now)) return shown(call.now);
  const registry::Service* service = call.registry.find_service(instance->service());
  return Wait{.until = registry::await_service(call.waiters, call.registry, shown.key.service,
                                               service == nullptr ? 0 : service->index),
              .at_most = blocking->wait,
              .answer = std::move(shown),
              .is_long = false};
}

Routed list_checks(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  const auto filter = read_filter(call, Listed::check);
  if (!filter) return filter.error();
  json::Writer out;
  out.open_object();
  bool has_node_check = false;  // each instance has it
  for_each_of(call, agent_of(call, *zone), [&](const Instance& instance, const Seen& seen) {
    for (const auto& check : seen.checks) {
      if (*filter && !fits(**filter, Row{instance, seen, parts_of(call).identity}, &check)) continue;
      if (check.is_of_node && std::exchange(has_node_check, true)) continue;
      put_check(out.text_name(check.id), call, instance, seen, check);
    }
  });
  out.close_object();
  return json(out.take(), is_pretty(call));
}

Routed read_health_by_id(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  const std::string id = rest_of(call);
  if (id.empty()) return text(400, "Missing serviceID");
  const Instance* instance = find_service(call, agent_of(call, *zone), id);
  if (instance == nullptr || !permit(call, instance->service()))
    return text(404, fmt::format("ServiceId {} not found", id));
  const Seen seen = see_as(*instance, id, call.now);
  json::Writer out;
  put_health(out, call, *instance, seen);
  return health_response(call, rollcall::consul::worst_of(seen.checks), aggregated_status(seen), out.take());
}

Routed read_health_by_name(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  const std::string name = rest_of(call);
  if (name.empty()) return text(400, "Missing service Name");
  const std::string key = to_lower(name);
  if (const auto permitted = permit(call, {*zone, key}); !permitted) return refused(permitted.error());
  json::Writer out;
  out.open_array();
  bool is_found = false;
  CheckStatus worst = CheckStatus::passing;
  std::string_view word = "passing";
  for_each_of(call, agent_of(call, *zone), [&](const Instance& instance, const Seen& seen) {
    if (instance.service().name != key) return;
    put_health(out, call, instance, seen);
    const CheckStatus status = rollcall::consul::worst_of(seen.checks);
    if (!is_found || status > worst) word = aggregated_status(seen);
    worst = std::max(worst, status);
    is_found = true;
  });
  out.close_array();
  if (!is_found) return text(404, fmt::format("ServiceName {} Not Found", name));
  return health_response(call, worst, word, out.take());
}

// There is nobody to join, and nobody who has failed.
Routed do_nothing(const Call&) { return done(); }

}  // namespace rollcall::api::consul
