// The checks that this server runs for an instance, from their definitions.
//
// Failure  Errc::invalid with "Invalid check: …" for a target that cannot be asked.
// Source   docs/consul.md; docs/checks.md.
#pragma once

#include "base/result.h"
#include "consul/attributes.h"
#include "health/plan.h"

namespace rollcall::api::consul {

[[nodiscard]] Result<health::SharedPlan> plan_of(const rollcall::consul::Attributes& attributes);

}  // namespace rollcall::api::consul
