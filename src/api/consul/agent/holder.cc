#include "api/consul/agent/holder.h"

#include "api/consul/door.h"
#include "base/ascii_case.h"

namespace rollcall::api::consul {
namespace {

constexpr std::string_view k_service_check = "service:";

bool is_this_host(const IpAddress& caller, const rollcall::consul::Identity& self) {
  return caller.is_loopback() || caller.text() == self.address;
}

// Of the native API, or another one than this.
const registry::Instance* find_other(const Call& call, registry::ZoneId zone, std::string_view id) {
  const registry::Instance* found = nullptr;
  bool is_ambiguous = false;
  call.registry.for_each_service([&](const registry::Service& service) {
    if (service.service.zone != zone || is_ambiguous) return;
    const registry::Instance* instance = call.registry.find_instance({service.service.ref(), id});
    if (instance == nullptr || instance->door() == registry::Door::consul) return;
    is_ambiguous = found != nullptr;
    found = instance;
  });
  if (is_ambiguous) return nullptr;
  const std::size_t slash = id.find('/');
  if (found != nullptr || slash == std::string_view::npos) return found;
  const std::string service = to_lower(id.substr(0, slash));
  found = call.registry.find_instance({{zone, service}, id.substr(slash + 1)});
  return found != nullptr && found->door() != registry::Door::consul ? found : nullptr;
}

}  // namespace

Agent agent_of(const Call& call, registry::ZoneId zone) {
  const rollcall::consul::Identity& self = parts_of(call).identity;
  if (const std::string* node = call.query.find("node"); node != nullptr && !node->empty()) {
    return {zone, equal_but_for_case(*node, self.node) ? std::string() : *node};
  }
  const IpAddress& caller = call.standing.principal.address;
  return {zone, is_this_host(caller, self) ? std::string() : caller.text()};
}

const registry::Instance* find_service(const Call& call, const Agent& agent, std::string_view id) {
  if (const auto key = parts_of(call).ids.find_service(agent.zone, agent.host, id)) {
    if (const registry::Instance* instance = call.registry.find_instance(key->ref())) return instance;
  }
  return agent.host.empty() ? find_other(call, agent.zone, id) : nullptr;
}

const registry::Instance* find_check(const Call& call, const Agent& agent, std::string_view check) {
  if (const auto key = parts_of(call).ids.find_check(agent.zone, agent.host, check)) {
    if (const registry::Instance* instance = call.registry.find_instance(key->ref())) return instance;
  }
  if (!agent.host.empty() || !check.starts_with(k_service_check)) return nullptr;
  return find_other(call, agent.zone, check.substr(k_service_check.size()));
}

}  // namespace rollcall::api::consul
