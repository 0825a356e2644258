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
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/rcu.h"
#include "registry/change.h"
#include "registry/ended_leases.h"
#include "registry/event.h"
#include "registry/instance.h"
#include "registry/labels.h"
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
  StagedLabels labels;  // of these instances
};

class Stage : private LabelUses {
 public:
  using Edits = std::unordered_map<ServiceKey, ServiceEdit, ServiceHash, ServiceEqual>;

  Stage(const rcu::Table<Instance>& instances, const rcu::Table<Service>& services, const Labels& labels,
        const ZoneDirectory& zones, const EndedLeases& ended, ChangeIndex index)
      : instances_(instances), services_(services), labels_(labels), zones_(zones), ended_(ended), index_(index) {}

  // Appends one outcome for each change, as it will be if the record succeeds. Returns which of them wait for the
  // record; the others are final. Under a ReadLock.
  std::vector<std::size_t> add_all(std::span<const Change> changes, LeaseTime now, WallTime wall_now,
                                   std::vector<Outcome>& outcomes);

  [[nodiscard]] bool is_empty() const { return edits_.empty(); }
  [[nodiscard]] ChangeIndex index() const { return index_; }
  [[nodiscard]] Transaction transaction(WallTime wall_now) const;
  [[nodiscard]] Edits& edits() { return edits_; }
  // In the order of the changes, not numbered yet.
  [[nodiscard]] std::vector<Event>& events() { return events_; }
  // The record has failed: leases that were ended ahead of it go on.
  void take_back();
  // The instances that begin to drain.
  [[nodiscard]] const std::vector<InstanceKey>& drained() const { return drained_; }

 private:
  struct Before {                              // an instance as the changes so far have left it
    std::optional<Registration> registration;  // empty: not on the roll
    Standing standing = {};
    WallTime registered_at{};
    ChangeIndex index = 0;
    bool renews_lease = false;
    CheckedSince checked_since{};
    const Instance* published = nullptr;  // set when no change so far concerns it
  };
  // The circumstances of one change.
  struct Asking {
    const std::string& by;
    LeaseTime now;
    WallTime wall_now;
    bool waits = true;  // out: whether the outcome depends on the record
  };

  Outcome add(const Register& change, Asking& asking);
  Outcome add(const Deregister& change, Asking& asking);
  Outcome add(const SetDraining& change, Asking& asking);
  Outcome add(const SetHealth& change, Asking& asking);
  Outcome add(const End& change, Asking& asking);
  Outcome add(const Edit& change, Asking& asking);
  Outcome take_out(const InstanceKey& key, Event event, Asking& asking);
  Outcome put_standing(const InstanceKey& key, const Before& before, Standing standing, Cause cause, Asking& asking);
  Outcome leave(const InstanceKey& key, const Before& before, Asking& asking) const;
  Outcome put(const Registration& asked, const Before& before, Standing standing, Asking& asking);
  void tell(const InstanceKey& key, EventKind kind, Cause cause, const Asking& asking, std::string detail = {});
  ServiceEdit& edit_of(const ServiceKey& key);
  [[nodiscard]] Before find(const InstanceRef& key) const;
  void put_record(ServiceEdit& edit, const InstanceKey& key, std::optional<InstanceRecord> record);
  [[nodiscard]] std::optional<Error> refuse(const Registration& asked) const;
  [[nodiscard]] std::optional<std::string> find_instance(const ServiceRef& service,
                                                         std::string_view label) const override;
  [[nodiscard]] bool has_tag(const ServiceRef& service, std::string_view tag) const override;

  const rcu::Table<Instance>& instances_;
  const rcu::Table<Service>& services_;
  const Labels& labels_;
  const ZoneDirectory& zones_;
  const EndedLeases& ended_;
  ChangeIndex index_;
  Edits edits_;
  std::vector<Event> events_;
  std::vector<InstanceKey> drained_;
  std::vector<std::pair<const Instance*, LeaseTime>> ended_ahead_;  // and the deadlines they had
};

}  // namespace rollcall::registry
