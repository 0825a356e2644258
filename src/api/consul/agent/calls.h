// The calls below /v1/agent/.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul.md.
#pragma once

#include "api/door.h"
#include "api/route.h"

namespace rollcall::api::consul {

// agent_reads.cc
[[nodiscard]] Routed read_self(const api::Call& call);

inline constexpr Route k_agent_routes[] = {
    {Method::get, "/v1/agent/self", Right::read, &read_self},
};

}  // namespace rollcall::api::consul
