// The calls of prepared queries, and those that have an empty answer here.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul.md.
#pragma once

#include <array>

#include "api/route.h"

namespace rollcall::api::consul {

inline constexpr std::array<Route, 0> k_query_routes{};

}  // namespace rollcall::api::consul
