// The roll as another process of this machine had it when it stopped writing, to go on from: versions and leases. What the
// versions hold is in the store.
//
// Shape    values; services in any order, the instances of each by id.
// Source   server/handover.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "registry/events/event.h"
#include "registry/instance/instance.h"

namespace rollcall::registry {

struct HandedInstance {
  std::string id;
  ChangeIndex index = 0;
  std::optional<std::chrono::nanoseconds> left;  // of its lease; empty: it has no end
  friend bool operator==(const HandedInstance&, const HandedInstance&) = default;
};

struct HandedService {
  ServiceKey key;
  ChangeIndex index = 0;
  ProtocolSet protocols = 0;
  std::optional<WallTime> emptied_at;
  std::vector<HandedInstance> instances = {};
  friend bool operator==(const HandedService&, const HandedService&) = default;
};

struct HandedRoll {
  ChangeIndex index = 0;  // up to which changes are visible
  EventId last_event = 0;
  std::vector<HandedService> services = {};
  friend bool operator==(const HandedRoll&, const HandedRoll&) = default;
};

}  // namespace rollcall::registry
