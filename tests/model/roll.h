// The model: who should be on the roll, kept in plain maps, with nothing of the server's machinery.
//
// Shape    `visible` is what readers should see; `stored` what a restart should find. Every step is told the time, and
//          does by brute force what the registry does with wheels, stages and snapshots.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/registry.h"

namespace rollcall::testing {

struct ModelInstance {
  registry::Registration registration;
  registry::Standing standing = {};
  registry::ChangeIndex index = 0;
  registry::WallTime registered_at;
  registry::LeaseTime deadline;
  [[nodiscard]] registry::Status status() const { return standing.status(); }
};

struct ModelService {
  registry::ChangeIndex index = 0;
  registry::ProtocolSet protocols = 0;
  std::optional<registry::WallTime> emptied_at;
  registry::LeaseTime forget_at;  // meaningful while it is empty
};

struct Roll {
  std::map<registry::InstanceKey, ModelInstance> instances;
  std::map<registry::ServiceKey, ModelService> services;
  registry::ChangeIndex index = 0;

  [[nodiscard]] std::vector<const ModelInstance*> members(const registry::ServiceKey& service) const;
};

// What a change should come to.
struct Predicted {
  std::optional<Errc> error{};
  bool created = false;
  bool changed = false;
  registry::Status status = registry::Status::ready;
  registry::ChangeIndex index = 0;
  registry::LeaseTime expires_at{};
};

[[nodiscard]] registry::LeaseTime deadline_after(registry::LeaseTime now, std::chrono::milliseconds ttl);

class Model {
 public:
  Roll visible;
  Roll stored;

  // One transaction; with an error, the store fails with it.
  std::vector<Predicted> apply(const std::vector<registry::Change>& changes, registry::LeaseTime now,
                               registry::WallTime wall, std::optional<Errc> store_error);
  // Whether the heartbeat is taken.
  bool heartbeat(const registry::InstanceKey& key, registry::LeaseTime now);
  // Ends what has ended by now, all at once, as a sweep that comes at this time.
  void sweep(registry::LeaseTime now, registry::WallTime wall);
  // Time passes, with a sweep at each instant that needs one.
  void pass(registry::LeaseTime from, registry::LeaseTime to, registry::WallTime wall);
  void restart(registry::LeaseTime now, registry::WallTime wall);
  // When the next lease ends, or the next empty service is forgotten.
  [[nodiscard]] std::optional<registry::LeaseTime> next_event() const;
};

}  // namespace rollcall::testing
