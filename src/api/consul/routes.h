// The table of this door: those of its parts, joined. Each part keeps its lines in its own header.
//
//   inline constexpr Route k_kv_routes[] = {{Method::get, "/v1/kv/*", Right::read, &read_key}, …};
#pragma once

#include <span>

#include "api/route.h"

namespace rollcall::api::consul {

[[nodiscard]] std::span<const Route> all_routes();

}  // namespace rollcall::api::consul
