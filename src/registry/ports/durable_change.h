// A change that is durable already, made elsewhere: by another node, or by a program that writes where the roll is kept.
//
// Shape    what is told of it, with its index, cause and author; and the instance as it is after the change. All changes of
//          one index are told together, and indexes in order.
// Threads  values.
#pragma once

#include <optional>

#include "registry/events/event.h"
#include "registry/instance/instance.h"
#include "registry/instance/lease.h"

namespace rollcall::registry {

struct DurableChange {
  struct Present {
    Registration registration;
    Standing standing = {};
    WallTime registered_at{};
    LeaseHolder lease_holder = LeaseHolder::elsewhere;
    bool renews_lease = true;  // the lease begins anew; else it goes on
  };

  Event event;                     // its key and its index are those of the change; not told where it has no number
  std::optional<Present> present;  // empty: the instance has left
};

}  // namespace rollcall::registry
