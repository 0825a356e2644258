// The calls of the API, one function each. The table in api.cc says which method and path leads to which.
//
// Threads  as Router::route, inside its ReadLock. Nothing of the roll outlives the call but copies.
// Failure  every error is a problem response (problem.h).
// Source   interface.md §4.
#pragma once

#include <optional>
#include <string_view>

#include "api/router.h"
#include "api/target.h"

namespace rollcall::api {

// A request that has found its line in the table. All borrowed for the call.
struct Call {
  const Request& request;
  registry::LeaseTime now;
  std::string_view service;  // of the path, as sent; empty where the path has none
  std::string_view id;
  Parameters parameters;
  const registry::Registry& registry;
  const registry::ZoneDirectory& zones;
  const ServerView& server;
  Counters& counters;
  PendingAhead ahead;
  Right right;     // what the call needs; the caller has it, for some services at least
  bool is_change;  // it may go to the writer
  Standing standing;

  [[nodiscard]] registry::ZoneId zone() const { return parameters.zone.value_or(registry::ZoneId{0}); }
};

// Whether the caller has the call's right for all of a zone, or for a service. Errc::forbidden. Every call that shows or
// changes anything of a service asks, once it knows which: those below ask by themselves.
[[nodiscard]] Result<void> permit(const Call& call, registry::ZoneId zone);
[[nodiscard]] Result<void> permit(const Call& call, const registry::ServiceRef& service);
// For what shows a whole range of them without a look at each: all zones where none is named, all services likewise.
[[nodiscard]] Result<void> permit_range(const Call& call, std::optional<registry::ZoneId> zone,
                                        std::optional<std::string_view> service);

// For what an answer turns out to tell of. The sentence names nothing: the caller does not know yet what is there.
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
[[nodiscard]] Routed read_status(const Call& call);
[[nodiscard]] Routed read_health(const Call& call);
[[nodiscard]] Routed read_readiness(const Call& call);
[[nodiscard]] Routed read_metrics(const Call& call);

}  // namespace rollcall::api
