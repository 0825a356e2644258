// A transaction that is being prepared: the changes it makes, on top of the roll as it is.
//
// Shape    changes are added in order, each against what those before it have left; then the transaction is read off
//          for the journal, and the edits, service by service, for publishing. Nothing on the roll is touched. A visible
//          change has no index before it is recorded: `staged_index` stands for it (journal.h).
// Owner    borrows the roll's tables for its life; a Transaction borrows the Stage.
// Threads  the writer's. `add_all`, `add_durable` and `transaction` under a ReadLock.
// Failure  a change that breaks a rule, or names an unknown instance, fails alone: its outcome says so.
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
#include "registry/events/event.h"
#include "registry/instance/change.h"
#include "registry/instance/ended_leases.h"
#include "registry/instance/instance.h"
#include "registry/instance/labels.h"
#include "registry/instance/lease.h"
#include "registry/instance/stored_indexes.h"
#include "registry/ports/durable_change.h"
#include "registry/ports/journal.h"
#include "registry/ports/ports.h"

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
  bool index_needs_row = false;  // the rows of the instances alone would not store the new index
  std::map<std::string, std::optional<InstanceRecord>, std::less<>> instances;
  StagedLabels labels;  // of these instances
};

class Stage : private LabelUses {
 public:
  using Edits = std::unordered_map<ServiceKey, ServiceEdit, ServiceHash, ServiceEqual>;

  Stage(const rcu::Table<Instance>& instances, const rcu::Table<Service>& services, const Labels& labels,
        const ZoneDirectory& zones, const EndedLeases& ended, const StoredIndexes& stored)
      : instances_(instances), services_(services), labels_(labels), zones_(zones), ended_(ended), stored_(stored) {}

  // Appends one outcome for each change, as it will be if the record succeeds, and to `renewals` which of them say that a
  // lease begins anew. Returns which depend on the record; the others are final. Under a ReadLock.
  std::vector<std::size_t> add_all(std::span<const Change> changes, LeaseTime now, WallTime wall_now,
                                   std::vector<Outcome>& outcomes, std::vector<std::size_t>& renewals);
  // A change that has its index already. Empty: it is laid over the roll; else the rule that it breaks.
  [[nodiscard]] std::optional<Error> add_durable(const DurableChange& change, LeaseTime now);

  [[nodiscard]] bool is_empty() const { return edits_.empty() && forgotten_.empty(); }
  [[nodiscard]] bool concerns(const InstanceKey& key) const;
  [[nodiscard]] Transaction transaction(WallTime wall_now);
  // Replaces staged indexes, once the transaction is recorded. The events are numbered by the transaction.
  void number(const Committed& committed);
  [[nodiscard]] Edits& edits() { return edits_; }
  // In the order of the changes, not numbered yet.
  [[nodiscard]] std::vector<Event>& events() { return events_; }
  // The record has failed: leases that were ended before it go on.
  void undo_early_ends();
  // The instances that begin to drain.
  [[nodiscard]] const std::vector<InstanceKey>& drained() const { return drained_; }
  // The services that are forgotten, unless an instance has registered since.
  [[nodiscard]] const std::vector<ServiceKey>& forgotten() const { return forgotten_; }

 private:
  struct Before {                              // an instance as the changes so far have left it
    std::optional<Registration> registration;  // empty: not on the roll
    Standing standing = {};
    WallTime registered_at{};
    ChangeIndex index = 0;
    bool renews_lease = false;
    CheckedSince checked_since{};
    LeaseHolder lease_holder = LeaseHolder::this_node;
    const Instance* published = nullptr;  // set when no change so far concerns it
  };
  // Who makes a change, and when.
  struct Context {
    const std::string& by;
    LeaseTime now;
    WallTime wall_now;
    bool needs_record = true;   // out: whether the outcome depends on the record
    bool renews_lease = false;  // out: whether the client is told that a lease begins anew
    ChangeIndex index = 0;      // of a change that is durable already
  };

  Outcome add(const Register& change, Context& context);
  Outcome add(const Deregister& change, Context& context);
  Outcome add(const SetDraining& change, Context& context);
  Outcome add(const SetHealth& change, Context& context);
  Outcome add(const SetCheck& change, Context& context);
  Outcome add(const RemoveCheck& change, Context& context);
  Outcome add(const End& change, Context& context);
  Outcome add(const Edit& change, Context& context);
  Outcome add(const Renew& change, Context& context);
  Outcome add(const Patch& change, Context& context);
  Outcome add(const ForgetService& change, Context& context);
  [[nodiscard]] std::size_t count_members(const ServiceRef& key) const;
  Outcome put_again(const Before& before, Context& context);
  [[nodiscard]] static Outcome unknown(const InstanceKey& key);
  void renew_staged(const InstanceKey& key);
  Outcome remove(const InstanceKey& key, Event event, Context& context);
  Outcome put_standing(const InstanceKey& key, const Before& before, Standing standing, Cause cause, Context& context);
  Outcome keep_as_it_is(const InstanceKey& key, const Before& before, Context& context) const;
  Outcome put(const Registration& asked, const Before& before, Standing standing, Context& context);
  void keep_lease(const InstanceKey& key, const Before& before, bool renews_lease);
  void add_event(const InstanceKey& key, const Before& before, EventKind kind, Cause cause, const Context& context,
                 std::string detail = {});
  ChangeIndex index_for(const Context& context);
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
  const StoredIndexes& stored_;
  ChangeIndex last_ = k_staged_index;  // of the changes so far
  Edits edits_;
  std::vector<Event> events_;
  std::vector<InstanceKey> drained_;
  std::vector<ServiceKey> forgotten_;
  struct EarlyEnd {
    InstanceKey key;
    ChangeIndex index;   // of the version
    LeaseTime deadline;  // that it had
  };
  std::vector<EarlyEnd> ended_early_;
};

}  // namespace rollcall::registry
