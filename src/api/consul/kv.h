// The calls below /v1/kv/.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul-kv.md.
#pragma once

#include "api/door.h"
#include "api/route.h"
#include "kv/limits.h"

namespace rollcall::api::consul {

[[nodiscard]] Routed read_keys(const Call& call);
[[nodiscard]] Routed put_key(const Call& call);
[[nodiscard]] Routed delete_keys(const Call& call);

inline constexpr Route k_kv_routes[] = {
    {Method::get, "/v1/kv/*", Right::read, &read_keys, Effect::none, {.answer = AnswerSize::any}},
    {Method::put, "/v1/kv/*", Right::write, &put_key, Effect::change, {.body_bytes_max = kv::k_value_bytes_max}},
    {Method::del, "/v1/kv/*", Right::write, &delete_keys, Effect::change},
};

}  // namespace rollcall::api::consul
