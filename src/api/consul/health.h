// The calls below /v1/health/.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul-catalog.md.
#pragma once

#include "api/route.h"

namespace rollcall::api::consul {

Routed read_health_of_service(const Call& call);
Routed read_checks_of_service(const Call& call);
Routed read_checks_of_node(const Call& call);
Routed read_checks_in_state(const Call& call);

inline constexpr Route k_health_routes[] = {
    {Method::get,
     "/v1/health/service/*",
     Right::read,
     &read_health_of_service,
     Effect::none,
     {.answer = AnswerSize::any}},
    {Method::get,
     "/v1/health/checks/*",
     Right::read,
     &read_checks_of_service,
     Effect::none,
     {.answer = AnswerSize::any}},
    {Method::get, "/v1/health/node/*", Right::read, &read_checks_of_node, Effect::none, {.answer = AnswerSize::any}},
    {Method::get, "/v1/health/state/*", Right::read, &read_checks_in_state, Effect::none, {.answer = AnswerSize::any}},
};

}  // namespace rollcall::api::consul
