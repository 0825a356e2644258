// The calls of the native API, one function each. The table in door.cc says which method and path leads to which.
//
// Threads  inside the router's ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is a problem response (problem.h).
// Source   interface.md §4.
#pragma once

#include <string>
#include <string_view>

#include "api/door.h"
#include "api/native/door.h"
#include "api/native/parameters.h"
#include "api/permission.h"

namespace rollcall::api::native {

// A call of this door with what its path and its query say. All borrowed for the call.
struct Call : api::Call {
  explicit Call(const api::Call& call)
      : api::Call(call),
        service(path.captures[0]),
        id(path.captures[1]),
        server(static_cast<const NativeDoor&>(door).server()) {
    if (!query.parameters().empty()) parameters = parameters_of(query, zones);
  }

  std::string_view service;  // of the path, as sent; empty where the path has none
  std::string_view id;
  const ServerView& server;
  Parameters parameters = {};

  // Null on a single node.
  [[nodiscard]] registry::Everywhere* everywhere() const { return static_cast<const NativeDoor&>(door).everywhere(); }
  [[nodiscard]] registry::ZoneId zone() const { return parameters.zone.value_or(registry::ZoneId{0}); }
};

// Whether the caller may read all that an explanation turned out to tell of. The sentence names nothing: the caller does not
// know yet what is there.
[[nodiscard]] Result<void> permit_told(const Call& call, const Explanation& told);

// The service and the instance that the path names, and that the caller may ask for.
[[nodiscard]] Result<std::string> parse_service(const Call& call);
[[nodiscard]] Result<registry::InstanceKey> parse_instance_key(const Call& call);

// What the path names, for calls whose body may name another zone: they ask for permission when they have read it.
[[nodiscard]] Result<std::string> parse_service_unasked(const Call& call);
[[nodiscard]] Result<std::string> parse_id(const Call& call);

// registrations.cc. Each is a Submission, unless nothing would change: then the lease is renewed at once.
[[nodiscard]] Routed register_by_heartbeat(const Call& call);
[[nodiscard]] Routed register_instance(const Call& call);
[[nodiscard]] Routed register_in_service(const Call& call);
[[nodiscard]] Routed deregister(const Call& call);
[[nodiscard]] Routed forget_service(const Call& call);

// instances/
[[nodiscard]] Routed patch_instance(const Call& call);
[[nodiscard]] Routed list_instances(const Call& call);

// drains.cc
[[nodiscard]] Routed drain(const Call& call);
[[nodiscard]] Routed end_drain(const Call& call);

// heartbeats.cc
[[nodiscard]] Routed renew_instance(const Call& call);
[[nodiscard]] Routed renew_many(const Call& call);

// reads.cc
[[nodiscard]] Routed list_services(const Call& call);
[[nodiscard]] Routed read_service(const Call& call);
[[nodiscard]] Routed read_instance(const Call& call);

// events.cc
[[nodiscard]] Routed watch_events(const Call& call);
[[nodiscard]] Routed list_events(const Call& call);

// explanations.cc
[[nodiscard]] Routed read_explanation(const Call& call);

// server_reads.cc
[[nodiscard]] Routed read_front_page(const Call& call);
[[nodiscard]] Routed read_status(const Call& call);
[[nodiscard]] Routed read_rights(const Call& call);
[[nodiscard]] Routed read_health(const Call& call);
[[nodiscard]] Routed read_nodes(const Call& call);
[[nodiscard]] Routed read_document(const Call& call);
[[nodiscard]] Routed read_readiness(const Call& call);
[[nodiscard]] Routed read_metrics(const Call& call);

}  // namespace rollcall::api::native
