// The calls of prepared queries, and those of Consul's features that have an empty answer here.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul-kv.md.
#pragma once

#include "api/door.h"
#include "api/route.h"

namespace rollcall::api::consul {

[[nodiscard]] Routed create_query(const Call& call);
[[nodiscard]] Routed list_queries(const Call& call);
[[nodiscard]] Routed read_query(const Call& call);
[[nodiscard]] Routed update_query(const Call& call);
[[nodiscard]] Routed delete_query(const Call& call);
[[nodiscard]] Routed explain_query(const Call& call);

// keys/query_execution.cc
[[nodiscard]] Routed execute_query(const Call& call);

// keys/empty_answers.cc: a mesh, network coordinates and configuration entries are not here, and their lists are empty.
[[nodiscard]] Routed list_nothing(const Call& call);

inline constexpr Route k_query_routes[] = {
    {Method::get, "/v1/query/{name}/execute", Right::read, &execute_query, Effect::none, {.answer = AnswerSize::any}},
    {Method::get, "/v1/query/{name}/explain", Right::read, &explain_query},
    {Method::post, "/v1/query", Right::write, &create_query, Effect::change},
    {Method::get, "/v1/query", Right::read, &list_queries, Effect::none, {.answer = AnswerSize::any}},
    {Method::get, "/v1/query/{id}", Right::read, &read_query},
    {Method::put, "/v1/query/{id}", Right::write, &update_query, Effect::change},
    {Method::del, "/v1/query/{id}", Right::write, &delete_query, Effect::change},

    {Method::get, "/v1/coordinate/nodes", Right::read, &list_nothing},
    {Method::get, "/v1/coordinate/datacenters", Right::read, &list_nothing},
    {Method::get, "/v1/coordinate/node/{node}", Right::read, &list_nothing},
    {Method::get, "/v1/connect/intentions", Right::read, &list_nothing},
    {Method::get, "/v1/config/{kind}", Right::read, &list_nothing},
};

}  // namespace rollcall::api::consul
