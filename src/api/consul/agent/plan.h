// The checks that this server runs for an instance, from their definitions.
//
// Failure  Errc::invalid with "Invalid check: …" for a target that cannot be asked.
// Source   docs/consul.md; docs/checks.md.
#pragma once

#include <string_view>

#include "base/result.h"
#include "consul/attributes.h"
#include "health/plan.h"

namespace rollcall::api::consul {

// `own_node`: the name of our node, which an alias may give. `lease_check`: the TTL check that is the lease; the others are part
// of the plan.
[[nodiscard]] Result<health::SharedPlan> plan_of(const rollcall::consul::Attributes& attributes,
                                                 std::string_view own_node, std::string_view lease_check);

}  // namespace rollcall::api::consul
