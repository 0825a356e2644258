// A change that is already durable: made by another node, or by another program that writes to the store.
//
// Shape    its event (index, cause, author), and the instance after the change. All changes of one index are passed
//          together, and indexes in order.
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
    bool renews_lease = true;  // the lease restarts; else it continues
    // Not 0: put again as it was, for its lease alone. The index of the version that is shown; nothing visible has changed
    // since, neither here nor in its service.
    ChangeIndex unchanged_since = 0;
  };

  Event event;                     // with the key and index of the change; number 0: not sent to watchers
  std::optional<Present> present;  // empty: the instance was removed
};

}  // namespace rollcall::registry
