// What an alias of a node comes to: an alias check with AliasNode and no AliasService.
//
// Shape    a function of the roll. A node's own checks are those that each instance on it has: its maintenance.
// Threads  any.
// Source   docs/consul.md.
#pragma once

#include <string_view>

#include "consul/agent_ids.h"
#include "health/check_state.h"
#include "registry/registry.h"

namespace rollcall::consul {

// `host` as in roll_id (names.h). A node without checks of its own, or that is not known, is well: as in Consul.
[[nodiscard]] health::RunResult look_at_node(const registry::Registry& registry, const AgentIds& ids,
                                             registry::ZoneId zone, std::string_view host);

}  // namespace rollcall::consul
