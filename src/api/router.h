// Finds the route of a request, lets its caller in, and runs the handler. The rest of the server knows the HTTP APIs only as
// this class.
//
//   target → route → 404, 405 → caller → 401, 403 → body size → 413 → parameters → 400 → memory → 503 → handler
//
// Shape    knows no door: rollcalld.cc hands it a list of them (door.h).
// Owner    borrows everything; the doors and the roll outlive it.
// Threads  every member: any thread that holds an rcu::Thread. They take the ReadLock themselves, and wait for nothing.
// Failure  every error is a response of the door that owns the path.
// Source   RFC 9110 §9, §15; interface.md §4.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/access.h"
#include "api/door.h"
#include "api/finish.h"
#include "api/message.h"
#include "api/routed.h"
#include "registry/registry.h"
#include "registry/work/waiters.h"

namespace rollcall::api {

class Router {
 public:
  // Routes are looked up in the order of the doors. Exactly one door is the default door (Manners::claims).
  Router(const registry::Registry& registry, const registry::ZoneDirectory& zones, registry::Waiters& waiters,
         const Access& access, std::vector<const Door*> doors);

  // A heartbeat that renews, and nearly every read, is answered at once. A change comes back as a Submission.
  [[nodiscard]] Routed route(const Request& request, registry::LeaseTime now, Counters& counters,
                             PendingAhead ahead = PendingAhead::nothing, MemoryRoom room = MemoryRoom::enough) const;

  // Refuses what can be refused from a head alone, before its body is read: a call that does not exist, or that the caller
  // has no right for, whatever the body names. Empty: the body is wanted. A refusal is counted.
  [[nodiscard]] std::optional<Response> refuse_unread(const Request& head, Counters& counters) const;

  // The largest body this request may have, known before the body is read.
  [[nodiscard]] std::size_t body_bytes_max(const Request& head) const;

  // The 413 for a body that is larger than that, counted.
  [[nodiscard]] Response refuse_large_body(const Request& head, Counters& counters) const;

  // For the texts of events.
  [[nodiscard]] const registry::ZoneDirectory& zones() const { return zones_; }

 private:
  struct Entry {
    const Door* door;
    std::span<const Route> routes;
    Manners manners;
    bool finishes;  // a manner changes its responses
  };
  struct Found {
    const Entry* entry = nullptr;
    const Route* route = nullptr;  // null: the path is the door's, and no route of it takes the request
    PathMatch path = {};
  };

  [[nodiscard]] Found find(Method method, const Target& target) const;
  [[nodiscard]] const Entry& owner_of(const Target& target) const;
  [[nodiscard]] static std::string methods_at(const Entry& entry, const Target& target);
  [[nodiscard]] Response refuse_target(const Request& request) const;
  [[nodiscard]] static Response refuse_path(const Entry& entry, const Target& target, const Request& request);
  [[nodiscard]] Result<Standing> admit(const Request& request, const Found& found, const Result<Query>& query) const;
  [[nodiscard]] Routed find_and_run(const Request& request, registry::LeaseTime now, Counters& counters,
                                    PendingAhead ahead, MemoryRoom room, const Entry*& entry) const;

  const registry::Registry& registry_;
  const registry::ZoneDirectory& zones_;
  registry::Waiters& waiters_;
  const Access& access_;
  std::vector<Entry> entries_;
  const Entry* default_ = nullptr;  // the entry of the default door
};

// The 503 for MemoryRoom::little, counted; for what the net finds after routing.
[[nodiscard]] Response refuse_for_room(Counters& counters);

}  // namespace rollcall::api
