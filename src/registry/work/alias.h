// A check that is an alias: as another instance is.
//
// Threads  any that holds an rcu::Thread.
// Source   docs/consul.md.
#pragma once

#include "health/check_state.h"
#include "registry/registry.h"

namespace rollcall::registry {

// The instance of the zone with the id that the check names, whichever service it is in.
[[nodiscard]] health::RunResult look_at_alias(const Registry& registry, ZoneId zone, const health::Check& check,
                                              LeaseTime now);

}  // namespace rollcall::registry
