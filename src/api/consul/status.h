// The calls below /v1/status/.
//
// Threads  any.
// Source   docs/consul-catalog.md.
#pragma once

#include "api/route.h"

namespace rollcall::api::consul {

Routed read_leader(const Call& call);
Routed list_peers(const Call& call);

inline constexpr Route k_status_routes[] = {
    {Method::get, "/v1/status/leader", Right::read, &read_leader},
    {Method::get, "/v1/status/peers", Right::read, &list_peers},
};

}  // namespace rollcall::api::consul
