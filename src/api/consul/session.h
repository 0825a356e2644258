// The calls below /v1/session/.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul-kv.md.
#pragma once

#include "api/door.h"
#include "api/route.h"

namespace rollcall::api::consul {

[[nodiscard]] Routed create_session(const Call& call);
[[nodiscard]] Routed destroy_session(const Call& call);
[[nodiscard]] Routed renew_session(const Call& call);
[[nodiscard]] Routed read_session(const Call& call);
[[nodiscard]] Routed list_sessions(const Call& call);

inline constexpr Route k_session_routes[] = {
    {Method::put, "/v1/session/renew/{id}", Right::write, &renew_session, Effect::change},
    {Method::put, "/v1/session/create", Right::write, &create_session, Effect::change},
    {Method::put, "/v1/session/destroy/{id}", Right::write, &destroy_session, Effect::change},
    {Method::get, "/v1/session/info/{id}", Right::read, &read_session, Effect::none, {.answer = AnswerSize::any}},
    {Method::get, "/v1/session/list", Right::read, &list_sessions, Effect::none, {.answer = AnswerSize::any}},
    {Method::get, "/v1/session/node/{node}", Right::read, &list_sessions, Effect::none, {.answer = AnswerSize::any}},
};

}  // namespace rollcall::api::consul
