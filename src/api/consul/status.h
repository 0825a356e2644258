// The calls below /v1/status/.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul.md.
#pragma once

#include <array>

#include "api/route.h"

namespace rollcall::api::consul {

inline constexpr std::array<Route, 0> k_status_routes{};

}  // namespace rollcall::api::consul
