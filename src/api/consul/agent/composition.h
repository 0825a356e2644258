// A registration of this door, put together from what is asked and what is on the roll.
//
// Shape    pure functions of values and of the roll.
// Checks   those that are not named anew stay, with their results, unless all are replaced. What an operator has set
//          (maintenance) stays in any case.
// Failure  Errc::invalid, one sentence.
// Source   docs/consul.md.
#pragma once

#include <optional>

#include "api/consul/agent/holder.h"
#include "api/consul/agent/service_fields.h"
#include "consul/names.h"
#include "registry/instance/change.h"

namespace rollcall::api::consul {

using rollcall::consul::k_node_maintenance;
inline constexpr std::string_view k_service_maintenance = "_service_maintenance:";  // and the service's id

struct Composed {
  registry::Register put;
  std::optional<registry::InstanceKey> leaves;  // the id was in another service before
};

// What agent/service/register asks for. `known`: the instance that has the id now; null: none.
[[nodiscard]] Result<Composed> compose(const Call& call, const Agent& agent, AskedService asked,
                                       const registry::Instance* known, bool replaces_checks);

// The same instance with one more check, or another definition of it.
[[nodiscard]] Result<registry::Register> with_check(const Call& call, const registry::Instance& known,
                                                    AskedCheck check);
// The same without a check.
[[nodiscard]] Result<registry::Register> without_check(const Call& call, const registry::Instance& known,
                                                       std::string_view check);

}  // namespace rollcall::api::consul
