// What each call of the native API says of itself; door.cc joins them with their routes.
//
// Shape    constants, in the order of the table.
// Source   interface.md §4; docs/http.md says the same at length.
#pragma once

#include "api/native/openapi/operation.h"

namespace rollcall::api::native::openapi {

// --- registering ---

inline constexpr Operation k_renew_instance{
    .id = "renewInstance",
    .summary = "Renew the lease of an instance",
    .tag = "registering",
    .answers = {{{200, "The lease goes on.", "Lease"}}},
    .body = Body::optional_json,
    .body_schema = "Nothing",
    .text = "A 404 unknown_instance means that the lease has ended: register again."};

inline constexpr Operation k_register_by_heartbeat{
    .id = "heartbeat",
    .summary = "Register an instance, update it, or renew its lease: the whole registration is the body",
    .tag = "registering",
    .answers = {{{201, "The instance is new, stored and visible in the DNS.", "Registered", k_json, "Location"},
                 {200, "Its lease is renewed, and what has changed is stored and visible.", "Registered"},
                 {409, "A name that the instance would have is taken.", "Problem", "application/problem+json"}}},
    .body = Body::json,
    .body_schema = "Registration",
    .text =
        "The one call that a service needs. Send it again every third of the ttl. A body without a ttl keeps the one "
        "that the instance has."};

inline constexpr Operation k_renew_many{
    .id = "renewMany",
    .summary = "Renew the leases of many instances",
    .tag = "registering",
    .answers = {{{200, "How many were renewed; those under `unknown` have to register again.", "Renewed"}}},
    .body = Body::json,
    .body_schema = "Heartbeats",
    .text = "When one element is wrong, no lease is renewed."};

inline constexpr Operation k_register_instance{
    .id = "registerInstance",
    .summary = "Register or replace an instance under its id",
    .tag = "registering",
    .answers = {{{201, "The instance is new, stored and visible in the DNS.", "Registered", k_json, "Location"},
                 {200, "It was there: replaced, or renewed.", "Registered"},
                 {409, "A name that the instance would have is taken.", "Problem", "application/problem+json"}}},
    .body = Body::json,
    .body_schema = "RegistrationInPath",
    .text = "The body need not repeat service and id, and must not contradict the path."};

inline constexpr Operation k_register_in_service{
    .id = "registerInService",
    .summary = "Register an instance of a service; its id is in the body or derived from its address",
    .tag = "registering",
    .answers = {{{201, "The instance is new, stored and visible in the DNS.", "Registered", k_json, "Location"},
                 {200, "It was there: replaced, or renewed.", "Registered"},
                 {409, "A name that the instance would have is taken.", "Problem", "application/problem+json"}}},
    .body = Body::json,
    .body_schema = "RegistrationInPath"};

inline constexpr Operation k_patch_instance{
    .id = "patchInstance",
    .summary = "Change weight, priority, tags or meta of an instance",
    .tag = "registering",
    .answers = {{{200, "The instance as it is now.", "Instance", k_json, "X-Rollcall-Index"},
                 {409, "A new tag is taken, or the instance is another API's.", "Problem", "application/problem+json"},
                 {415, "The body has another type.", "Problem", "application/problem+json", "Accept-Patch"}}},
    .body = Body::merge_patch,
    .body_schema = "Patch",
    .text =
        "A merge patch (RFC 7396). The change stays until the registration itself has another value for the field."};

inline constexpr Operation k_deregister{.id = "deregister",
                                        .summary = "Deregister an instance",
                                        .tag = "registering",
                                        .answers = {{{204, "It is gone from disk and DNS.", {}, {}}}}};

inline constexpr Operation k_forget_service{
    .id = "forgetService",
    .summary = "Forget a service that has no instances",
    .tag = "registering",
    .answers = {{{204, "Its names do not exist any more.", {}, {}},
                 {409, "The service has instances.", "Problem", "application/problem+json"}}}};

inline constexpr Operation k_drain{
    .id = "drain",
    .summary = "Take an instance out of the answers before it exits",
    .tag = "registering",
    .answers = {{{200, "It is out of the answers; `safe` says whether a cache may still hold it.", "Drain"}}},
    .text = "With `wait` the answer comes when no cache can hold the instance any more, or when the wait is over."};

inline constexpr Operation k_end_drain{.id = "endDrain",
                                       .summary = "Bring an instance back into the answers",
                                       .tag = "registering",
                                       .answers = {{{200, "Its status now.", "Drain"}}}};

// --- reading ---

inline constexpr Operation k_read_instance{
    .id = "readInstance",
    .summary = "One instance",
    .tag = "reading",
    .answers = {{{200, "The instance.", "Instance", k_json, "X-Rollcall-Index"}}}};

inline constexpr Operation k_read_service{
    .id = "readService",
    .summary = "One service with its instances",
    .tag = "reading",
    .answers = {{{200, "The service.", "Service", k_json, "X-Rollcall-Index"}}},
    .text = "With `index` and `wait` the answer comes when the service is at another index, or when the wait is over."};

inline constexpr Operation k_list_instances{
    .id = "listInstances",
    .summary = "All instances, in pages",
    .tag = "reading",
    .answers = {{{200, "A page, and where the next one begins.", "InstancePage", k_json, "X-Rollcall-Index"}}}};

inline constexpr Operation k_list_services{
    .id = "listServices",
    .summary = "The services of a zone",
    .tag = "reading",
    .answers = {{{200, "The services, by name.", "ServiceList", k_json, "X-Rollcall-Index"}}}};

inline constexpr Operation k_read_explanation{
    .id = "explain",
    .summary = "What the DNS answers for a name now, and why; who is left out, and why",
    .tag = "reading",
    .answers = {{{200, "The explanation, whatever the DNS answers.", "Explanation", k_json, "X-Rollcall-Index"}}}};

// --- watching ---

inline constexpr Operation k_watch_events{
    .id = "watch",
    .summary = "Events as they happen: a stream that does not end",
    .tag = "watching",
    .answers = {{{200, "Server-sent events; the data of each is an Event, that of `gap` says which were missed.",
                  "Stream", "text/event-stream"}}},
    .header = "Last-Event-ID"};

inline constexpr Operation k_list_events{.id = "listEvents",
                                         .summary = "The recorded history, newest first",
                                         .tag = "watching",
                                         .answers = {{{200, "The events.", "EventList"}}}};

// --- the server itself ---

inline constexpr Operation k_read_status{
    .id = "status",
    .summary = "Version, uptime, zones, counts, listeners",
    .tag = "server",
    .answers = {{{200, "The state of this server, as far as the caller may read.", "ServerStatus"}}}};

inline constexpr Operation k_read_rights{.id = "whoami",
                                         .summary = "Who asks, and what that may do",
                                         .tag = "server",
                                         .answers = {{{200, "The caller and its rights.", "Rights"}}}};

inline constexpr Operation k_read_nodes{
    .id = "nodes",
    .summary = "The nodes of the cluster, as this one sees them",
    .tag = "server",
    .answers = {{{200, "The nodes; without a cluster this server alone.", "NodeList"}}}};

inline constexpr Operation k_read_document{.id = "openapi",
                                           .summary = "This document",
                                           .tag = "server",
                                           .answers = {{{200, "The API as OpenAPI 3.1.", "Document"}}}};

inline constexpr Operation k_read_front_page{
    .id = "frontPage",
    .summary = "A short page of links",
    .tag = "server",
    .answers = {{{200, "HTML where `Accept` names text/html, else text.", "Text", "text/plain; charset=utf-8"},
                 {200, "HTML where `Accept` names text/html, else text.", "Text", "text/html; charset=utf-8"}}}};

inline constexpr Operation k_read_health{
    .id = "health", .summary = "Whether the process is up", .tag = "server", .answers = {{{200, "It is.", "Up"}}}};

inline constexpr Operation k_read_readiness{
    .id = "readiness",
    .summary = "Whether the server can register and answer",
    .tag = "server",
    .answers = {{{200, "It can. Else it is a 503 not_ready with the reason.", "Ready"}}}};

inline constexpr Operation k_read_metrics{.id = "metrics",
                                          .summary = "Figures for Prometheus",
                                          .tag = "server",
                                          .answers = {{{200, "The metrics, in Prometheus' text format.", "Text",
                                                        "text/plain; version=0.0.4; charset=utf-8"}}},
                                          .text = "Needs no credentials where `http.open_metrics` is set."};

}  // namespace rollcall::api::native::openapi
