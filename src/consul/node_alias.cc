#include "consul/node_alias.h"

#include <optional>
#include <string>

#include "base/rcu.h"
#include "consul/names.h"

namespace rollcall::consul {

health::RunResult look_at_node(const registry::Registry& registry, const AgentIds& ids, registry::ZoneId zone,
                               std::string_view host) {
  const rcu::ReadLock lock;
  const std::optional<registry::InstanceKey> key = ids.find_check(zone, host, k_node_maintenance);
  const registry::Instance* instance = key ? registry.find_instance(key->ref()) : nullptr;
  if (instance == nullptr) return {health::RunEnd::passed, "the node of the alias has no check of its own"};
  for (const auto& check : instance->checks()) {
    if (check.id != k_node_maintenance || check.status != health::CheckStatus::critical) continue;
    std::string output = "the node of the alias is in maintenance";
    if (!check.output.empty()) output.append(": ").append(check.output);
    return {health::RunEnd::failed, std::move(output)};
  }
  return {health::RunEnd::passed, "the checks of the node of the alias pass"};
}

}  // namespace rollcall::consul
