// The calls below /v1/agent/.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul.md.
#pragma once

#include "api/consul/responses.h"
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

// Old clients of Python send GET for some changes; today's Consul refuses it. A browser sends one wherever a page leads it.
inline constexpr Methods k_put_or_get = {Method::put, Method::get};
template <Routed (*handler)(const Call&)>
[[nodiscard]] Routed from_program(const Call& call) {
  if (call.request.method == Method::get && is_from_browser(call.request)) {
    return text(403, "Permission denied: a browser changes nothing with GET; use PUT");
  }
  return handler(call);
}

inline constexpr Route k_agent_routes[] = {
    {k_put_or_get, "/v1/agent/check/pass/*", Right::write, &from_program<&pass_check>, Effect::change_in_turn},
    {Method::put, "/v1/agent/check/update/*", Right::write, &update_check, Effect::change_in_turn},
    {k_put_or_get, "/v1/agent/check/warn/*", Right::write, &from_program<&warn_check>, Effect::change_in_turn},
    {k_put_or_get, "/v1/agent/check/fail/*", Right::write, &from_program<&fail_check>, Effect::change_in_turn},
    {Method::put, "/v1/agent/check/register", Right::write, &register_check, Effect::change_in_turn},
    {k_put_or_get, "/v1/agent/check/deregister/*", Right::write, &from_program<&deregister_check>,
     Effect::change_in_turn},
    {Method::put, "/v1/agent/service/register", Right::write, &register_service, Effect::change_in_turn},
    {k_put_or_get, "/v1/agent/service/deregister/*", Right::write, &from_program<&deregister_service>,
     Effect::change_in_turn},
    {Method::put, "/v1/agent/service/maintenance/*", Right::write, &maintain_service, Effect::change_in_turn},
    {Method::put, "/v1/agent/maintenance", Right::write, &maintain_node, Effect::change_in_turn},
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
    {k_put_or_get, "/v1/agent/join/*", Right::write, &from_program<&do_nothing>, Effect::change},
    {k_put_or_get, "/v1/agent/force-leave/*", Right::write, &from_program<&do_nothing>, Effect::change},
};

}  // namespace rollcall::api::consul
