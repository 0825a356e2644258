// A transaction in the making: the roll as it will be, laid over the roll as it is.
//
// Shape    changes are added in order, each against what those before it have left; then the transaction is read off
//          for the journal, and the edits, service by service, for publishing. Nothing on the roll is touched.
// Owner    borrows the roll's tables for its life; a Transaction borrows the Stage.
// Threads  the writer's. `add_all` and `transaction` under a ReadLock.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rcu.h"
#include "registry/change.h"
#include "registry/instance.h"
#include "registry/lease.h"
#include "registry/ports.h"

namespace rollcall::registry {

// For hash tables keyed by a service, owned or borrowed.
struct ServiceHash {
  using is_transparent = void;
  std::size_t operator()(const ServiceRef& key) const noexcept { return hash_of(key); }
  std::size_t operator()(const ServiceKey& key) const noexcept { return hash_of(key.ref()); }
};
struct ServiceEqual {
  using is_transparent = void;
  static ServiceRef ref(const ServiceRef& key) { return key; }
  static ServiceRef ref(const ServiceKey& key) { return key.ref(); }
  bool operator()(const auto& a, const auto& b) const noexcept { return ref(a) == ref(b); }
};

// What one commit does to one service. An instance without a record is removed.
struct ServiceEdit {
  const Service* current = nullptr;
  ChangeIndex index = 0;
  ProtocolSet protocols = 0;
  bool index_needs_row = false;  // the instances' rows alone would not carry the new index
  std::map<std::string, std::optional<InstanceRecord>, std::less<>> instances;
};

class Stage {
 public:
  using Edits = std::unordered_map<ServiceKey, ServiceEdit, ServiceHash, ServiceEqual>;

  Stage(const rcu::Table<Instance>& instances, const rcu::Table<Service>& services, const ZoneDirectory& zones,
        ChangeIndex index)
      : instances_(instances), services_(services), zones_(zones), index_(index) {}

  // Appends one outcome for each change, as it will be if the record succeeds. Returns which of them wait for the
  // record; the others are final. Under a ReadLock.
  std::vector<std::size_t> add_all(std::span<const Change> changes, LeaseTime now, WallTime wall_now,
                                   std::vector<Outcome>& outcomes);

  [[nodiscard]] bool is_empty() const { return edits_.empty(); }
  [[nodiscard]] ChangeIndex index() const { return index_; }
  [[nodiscard]] Transaction transaction(WallTime wall_now) const;
  [[nodiscard]] Edits& edits() { return edits_; }

 private:
  struct Before {                                // an instance as the changes so far have left it
    const Registration* registration = nullptr;  // null: not on the roll
    Status status = Status::ready;
    WallTime registered_at{};
    ChangeIndex index = 0;
    const Instance* published = nullptr;  // set when no change so far concerns it
  };

  // `waits`: whether the outcome depends on the record.
  Outcome add(const Register& change, LeaseTime now, WallTime wall_now, bool& waits);
  Outcome add(const Deregister& change, bool& waits);
  ServiceEdit& edit_of(const ServiceKey& key);
  [[nodiscard]] Before find(const InstanceRef& key) const;
  [[nodiscard]] const std::string* find_same_label(const InstanceRef& key) const;
  [[nodiscard]] std::optional<Error> refuse_new(const InstanceRef& key) const;

  const rcu::Table<Instance>& instances_;
  const rcu::Table<Service>& services_;
  const ZoneDirectory& zones_;
  ChangeIndex index_;
  Edits edits_;
};

}  // namespace rollcall::registry
