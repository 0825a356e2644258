// The calls below /v1/agent/.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul.md.
#pragma once

#include "api/door.h"
#include "api/route.h"

namespace rollcall::api::consul {

// services.cc
[[nodiscard]] Routed register_service(const Call& call);
[[nodiscard]] Routed deregister_service(const Call& call);
[[nodiscard]] Routed maintain_service(const Call& call);
[[nodiscard]] Routed maintain_node(const Call& call);

// checks.cc
[[nodiscard]] Routed register_check(const Call& call);
[[nodiscard]] Routed deregister_check(const Call& call);
[[nodiscard]] Routed pass_check(const Call& call);
[[nodiscard]] Routed warn_check(const Call& call);
[[nodiscard]] Routed fail_check(const Call& call);
[[nodiscard]] Routed update_check(const Call& call);

// reads.cc
[[nodiscard]] Routed read_self(const Call& call);
[[nodiscard]] Routed read_members(const Call& call);
[[nodiscard]] Routed list_services(const Call& call);
[[nodiscard]] Routed read_service(const Call& call);
[[nodiscard]] Routed list_checks(const Call& call);
[[nodiscard]] Routed read_health_by_id(const Call& call);
[[nodiscard]] Routed read_health_by_name(const Call& call);
[[nodiscard]] Routed do_nothing(const Call& call);

// Old clients of Python send GET for some changes; today's Consul refuses it.
inline constexpr Methods k_put_or_get = {Method::put, Method::get};

inline constexpr Route k_agent_routes[] = {
    {k_put_or_get, "/v1/agent/check/pass/*", Right::write, &pass_check, Effect::change},
    {Method::put, "/v1/agent/check/update/*", Right::write, &update_check, Effect::change},
    {k_put_or_get, "/v1/agent/check/warn/*", Right::write, &warn_check, Effect::change},
    {k_put_or_get, "/v1/agent/check/fail/*", Right::write, &fail_check, Effect::change},
    {Method::put, "/v1/agent/check/register", Right::write, &register_check, Effect::change},
    {k_put_or_get, "/v1/agent/check/deregister/*", Right::write, &deregister_check, Effect::change},
    {Method::put, "/v1/agent/service/register", Right::write, &register_service, Effect::change},
    {k_put_or_get, "/v1/agent/service/deregister/*", Right::write, &deregister_service, Effect::change},
    {Method::put, "/v1/agent/service/maintenance/*", Right::write, &maintain_service, Effect::change},
    {Method::put, "/v1/agent/maintenance", Right::write, &maintain_node, Effect::change},
    {Method::get, "/v1/agent/services", Right::read, &list_services, Effect::none, {.answer = AnswerSize::any}},
    {Method::get, "/v1/agent/service/*", Right::read, &read_service},
    {Method::get, "/v1/agent/checks", Right::read, &list_checks, Effect::none, {.answer = AnswerSize::any}},
    {Method::get,
     "/v1/agent/health/service/name/*",
     Right::read,
     &read_health_by_name,
     Effect::none,
     {.answer = AnswerSize::any}},
    {Method::get, "/v1/agent/health/service/id/*", Right::read, &read_health_by_id},
    {Method::get, "/v1/agent/self", Right::read, &read_self},
    {Method::get, "/v1/agent/members", Right::read, &read_members},
    {k_put_or_get, "/v1/agent/join/*", Right::write, &do_nothing, Effect::change},
    {k_put_or_get, "/v1/agent/force-leave/*", Right::write, &do_nothing, Effect::change},
};

}  // namespace rollcall::api::consul
