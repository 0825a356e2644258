// The calls below /v1/catalog/.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is one bare sentence (responses.h).
// Source   docs/consul-catalog.md.
#pragma once

#include "api/route.h"

namespace rollcall::api::consul {

Routed list_catalog_datacenters(const Call& call);
Routed list_catalog_nodes(const Call& call);
Routed list_catalog_services(const Call& call);
Routed read_catalog_service(const Call& call);
Routed read_catalog_node(const Call& call);
Routed list_node_services(const Call& call);
Routed read_mesh(const Call& call);
Routed register_in_catalog(const Call& call);  // catalog_writes.cc
Routed deregister_in_catalog(const Call& call);

inline constexpr Route k_catalog_routes[] = {
    {Method::get,
     "/v1/catalog/services",
     Right::read,
     &list_catalog_services,
     Effect::none,
     {.answer = AnswerSize::any}},
    {Method::get,
     "/v1/catalog/service/*",
     Right::read,
     &read_catalog_service,
     Effect::none,
     {.answer = AnswerSize::any}},
    {Method::get, "/v1/catalog/nodes", Right::read, &list_catalog_nodes, Effect::none, {.answer = AnswerSize::any}},
    {Method::get, "/v1/catalog/node/*", Right::read, &read_catalog_node, Effect::none, {.answer = AnswerSize::any}},
    {Method::get,
     "/v1/catalog/node-services/*",
     Right::read,
     &list_node_services,
     Effect::none,
     {.answer = AnswerSize::any}},
    {Method::get, "/v1/catalog/connect/*", Right::read, &read_mesh},
    {Method::get, "/v1/health/connect/*", Right::read, &read_mesh},
    {Method::get, "/v1/health/ingress/*", Right::read, &read_mesh},
    {Method::get, "/v1/catalog/datacenters", Right::read, &list_catalog_datacenters},
    {Method::put, "/v1/catalog/register", Right::write, &register_in_catalog, Effect::change_in_turn},
    {Method::put, "/v1/catalog/deregister", Right::write, &deregister_in_catalog, Effect::change_in_turn},
};

}  // namespace rollcall::api::consul
