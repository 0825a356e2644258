// A door: an HTTP API to the roll. It is a table of routes, their handlers, and its manners: how it reads parameters, writes
// errors, finds credentials. The router does the rest for all doors alike.
//
//   class MyDoor final : public Door { … };            its handlers are functions of a Call
//   Router router(registry, zones, access, {&native, &my_door});
//
// Owner    rollcalld.cc makes the doors, and they outlive the router. What a door needs besides the roll it holds itself; a
//          handler reaches it through Call::door.
// Threads  all members are called by every HTTP thread at once.
// Failure  a handler answers every error itself; what the router refuses is written by `refuse`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "api/caller.h"
#include "api/message.h"
#include "api/refusal.h"
#include "api/route.h"
#include "api/routed.h"
#include "api/target.h"
#include "registry/ports/ports.h"
#include "registry/registry.h"
#include "registry/work/waiters.h"

namespace rollcall::api {

// A query parameter of a strict door.
struct Parameter {
  ParameterSet bit;  // in RouteOptions::takes; 0: every call of the door takes it
  std::string_view name;
  bool is_prefix = false;  // "meta.KEY": every name that begins with "meta." and goes on
};
[[nodiscard]] bool is_named(const Parameter& known, std::string_view name);

// What holds for all routes of a door. Its texts and lists are constants.
struct Manners {
  // Paths below these belong to the door: requests for what is not there get its 404. Empty: the default door, which owns
  // every other path. Only routes count for what it answers, so doors may share a first segment.
  std::span<const std::string_view> claims = {};  // "/v1/kv/"
  ParameterManner parameters = ParameterManner::strict;
  std::span<const Parameter> known_parameters = {};  // strict: all of them, in the order an error lists them
  bool ignores_final_slash = false;
  bool allows_other_origins = false;  // CORS: pages of any origin may read what it answers (Fetch §3.2)
  bool is_conditional = false;        // 200 to GET has an ETag; 304 where If-None-Match has it (RFC 9110 §13.1.2)
  bool compresses = false;            // gzip where Accept-Encoding has it (RFC 9110 §12.5.3)
};

class Door {
 public:
  virtual ~Door() = default;
  // Both the same at every call.
  [[nodiscard]] virtual std::span<const Route> routes() const = 0;
  [[nodiscard]] virtual const Manners& manners() const = 0;

  // An error of the router in the door's format.
  [[nodiscard]] virtual Response refuse(Refusal refusal, const Request& request) const = 0;

  // Where the caller shows who it is. `query` is empty for strict doors whose query is no list of pairs.
  [[nodiscard]] virtual Credentials credentials_of(const Request& request, const Query& /*query*/) const {
    return {request.authorization, &read_bearer};
  }

  // Strict doors: whether the value is one that the parameter, named as sent, can have. Asked in the order sent.
  [[nodiscard]] virtual Result<void> check_parameter(std::string_view /*name*/, std::string_view /*value*/,
                                                     const registry::ZoneDirectory&) const {
    return {};
  }
};

// The query of a call, by the door's manner; `set` is what its route takes. Errc::invalid for a strict door's parameter that
// is unknown, wrong, or given twice, in the order sent.
[[nodiscard]] Result<void> check_parameters(const Door& door, ParameterSet set, const Result<Query>& query,
                                            const registry::ZoneDirectory& zones);

// A request whose caller was let in, on its way through a handler, inside the router's rcu::ReadLock. All borrowed for the
// call: what outlives it copies.
struct Call {
  const Request& request;
  const Door& door;  // whose table has the route
  const Route& route;
  const PathMatch& path;
  const Query& query;
  const Standing& standing;  // who asks; nobody in particular where the route needs no right
  registry::LeaseTime now;
  const registry::Registry& registry;
  const registry::ZoneDirectory& zones;
  registry::Waiters& waiters;  // for an Awaited
  Counters& counters;
  PendingAhead ahead;

  [[nodiscard]] bool is_change() const { return route.effect != Effect::none; }
};

}  // namespace rollcall::api
