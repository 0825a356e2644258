// The registry: all live services and instances, and when each lease ends.
//
// Every change takes one way, `apply`: staged against the roll, recorded in the Journal, made visible (to readers of
// this object, then to the Audience), and only then reported. A failed record changes nothing. Leases that end take
// the same way, with one difference: they are made invisible first, because an answer never outlives a lease, and
// their rows stay pending until the journal has recorded them. What is durable already, because it was changed elsewhere,
// comes in by `follow`. With a store that answers later, the two halves of `apply` are called apart (agreed_writer.h).
//
// Threads  `find…`, `for_each_service`, `renew`, `counts`: any thread holding an rcu::Thread; `find…` and
//          `for_each_service` under a ReadLock. Everything else: the writer thread alone.
// Failure  of a change: its Outcome. Of `record_pending`: what the journal says; the rows stay pending.
// Time     an argument, or the TimeSource given at the call.
// Source   interface.md §2; style.md §4.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/rcu.h"
#include "base/result.h"
#include "base/timing_wheel.h"
#include "registry/events/event.h"
#include "registry/expiry_limit.h"
#include "registry/instance/change.h"
#include "registry/instance/ended_leases.h"
#include "registry/instance/instance.h"
#include "registry/instance/labels.h"
#include "registry/instance/lease.h"
#include "registry/instance/stored_indexes.h"
#include "registry/ports/durable_change.h"
#include "registry/ports/handed_roll.h"
#include "registry/ports/journal.h"
#include "registry/ports/lease_authority.h"
#include "registry/ports/ports.h"

namespace rollcall::registry {

struct Renewed {
  LeaseTime expires_at;
};

// Gauges of the roll, kept as it changes. Any thread reads.
struct Counts {
  std::uint64_t services = 0;
  std::uint64_t instances = 0;
  std::uint64_t expired = 0;  // since the start
  std::uint64_t put_off = 0;  // ends of leases that were put off (ExpiryLimit), since the start
  bool is_mass_silence = false;
  ChangeIndex index = 0;
};

class Stage;  // stage.h
struct ServiceEdit;
struct StagedBatch;  // staged_batch.h

// What a start goes on from. Before it some changes may have been shown and not stored, leases that ended: they stay
// behind. A database that has given out no index yet begins at the clock, in milliseconds: an index from another database,
// one that was lost or put aside, is not met again.
[[nodiscard]] ChangeIndex index_of_start(ChangeIndex stored, WallTime wall_now);

class Registry {
 public:
  // `sink`: told of every event; null: nobody listens. All are borrowed for life.
  Registry(Journal& journal, Audience& audience, const ZoneDirectory& zones,
           std::chrono::milliseconds forget_service_after, EventSink* sink = nullptr);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // --- Readers ---

  [[nodiscard]] const Instance* find_instance(const InstanceRef& key) const noexcept { return instances_.find(key); }
  [[nodiscard]] const Service* find_service(const ServiceRef& key) const noexcept { return services_.find(key); }
  template <class F>
  void for_each_service(F&& visit) const {
    services_.for_each(std::forward<F>(visit));
  }
  [[nodiscard]] Counts counts() const noexcept;

  // A heartbeat: one atomic store. Errc::unknown_instance also when the lease has ended but is not swept yet.
  // `judged`: renewed by a probe, which speaks of this version alone; of another it is Errc::unknown_instance too.
  // In a cluster the LeaseAuthority decides: Errc::put_first where a change Renew must ask the shared store,
  // Errc::not_in_charge where another node must be asked.
  [[nodiscard]] Result<Renewed> renew(const InstanceRef& key, LeaseTime now,
                                      std::optional<CheckedSince> judged = std::nullopt) const;
  // The same for one that was found, under the ReadLock that still holds.
  [[nodiscard]] Result<Renewed> renew(const Instance& found, LeaseTime now) const;

  // A heartbeat that another node of the cluster has heard: the deadline is this one, if that is later.
  void note_lease(const InstanceRef& key, LeaseTime deadline) const;

  // Null on a single node.
  [[nodiscard]] LeaseAuthority* authority() const noexcept { return authority_; }

  [[nodiscard]] EventNumbers event_numbers() const noexcept {
    return authority_ == nullptr ? EventNumbers::plain : EventNumbers::pairs;
  }

  // --- The writer ---

  // Before `restore`: a node of a cluster. Every lease is held elsewhere, so nothing ends by itself; services are forgotten
  // when told; what only this node knows (`set_aside_refused`, `restore`) makes no event and is never recorded.
  void let_decide(LeaseAuthority& authority) { authority_ = &authority; }

  // What stable storage held, whole or part by part: each service with all its instances in one of them. Each instance
  // gets one full lease of grace from `now`. Before anything else. Returns whom a rule keeps off the roll.
  std::vector<Refused> restore(Restored part, LeaseTime now, WallTime wall_now);

  // --- Going on from another process of this machine (server/handover.h) ---

  // What the next process needs, at a time when nothing is changed.
  [[nodiscard]] HandedRoll hand_over(LeaseTime now, EventId last_event) const;
  // Before `restore`: another process goes on changing the roll meanwhile. Leases have no time left yet, and no event says
  // that an instance is back. `take_over` must follow.
  void expect_handed_roll() { expects_handed_roll_ = true; }
  // What has been changed since it was stored as it was restored here: to be read again.
  [[nodiscard]] std::vector<InstanceKey> find_newer(const HandedRoll& handed) const;
  // From now on the roll is this: `newer` has the rows of `find_newer`. Each lease ends when it would have ended there, at the
  // earliest; that of an instance that has come meanwhile is whole again.
  void take_over(const HandedRoll& handed, std::span<const InstanceRecord> newer, const TimeSource& clock,
                 WallTime wall_now);

  // Checks every instance against the zones again, after zones were reloaded: instances whose names the zones now use
  // are removed, and their rows stay in the store. Visible on return; the store changes are pending. Returns the
  // removed ones.
  std::vector<Refused> set_aside_refused(LeaseTime now, WallTime wall_now);

  // Applies the changes in order as one transaction, after a sweep. One outcome each, in the same order. A change that
  // fails by itself (conflict, unknown instance) fails alone; a failed record fails all that would have changed
  // something. Where the journal names a conflict, the roll follows what is newer, and the changes are staged anew.
  [[nodiscard]] std::vector<Outcome> apply(std::span<const Change> changes, const TimeSource& clock, WallTime wall_now);

  // Applies durable changes made elsewhere, in index order: publishes them and sends their events. Changes already
  // followed, or older than the instance's present version, are skipped. Returns the instances that a rule refuses on
  // this node.
  std::vector<Refused> follow(std::span<const DurableChange> changes, const TimeSource& clock, WallTime wall_now);
  // The same for changes up to the index followed that the roll here does not have: what it was restored from had lost them.
  std::vector<Refused> follow_again(std::span<const DurableChange> changes, const TimeSource& clock, WallTime wall_now);
  // The index up to which the roll has followed; and that it has followed further, where nothing of the roll has changed.
  [[nodiscard]] ChangeIndex followed() const noexcept { return followed_; }
  void follow_up_to(ChangeIndex index);

  // Under which index the shared store has the instance: what a change of it is compared with.
  [[nodiscard]] ChangeIndex stored_index(const Instance& instance) const { return stored_.of(instance); }
  // The store has it again, as it is shown here.
  void note_stored(const Instance& instance, ChangeIndex index) { stored_.note(instance, index); }

  // A service as the shared store has it: known from now on, with these protocols, also while it has no instance.
  void follow_service(const ServiceRecord& stored, LeaseTime now);
  // The shared store has forgotten the service. False: it is not known here, or has instances.
  bool forget(const ServiceRef& key);

  // The first half of `apply`: nothing is visible, and nothing of the roll is touched but leases that a change ends early.
  [[nodiscard]] std::unique_ptr<StagedBatch> stage(std::span<const Change> changes, LeaseTime now, WallTime wall_now);
  // What becomes of a staged batch that is recorded through an Agreement: the outcomes. The changes themselves have been
  // followed before. Once for each batch: one of the two.
  [[nodiscard]] std::vector<Outcome> conclude(StagedBatch& batch, const Committed& committed, LeaseTime now) const;
  [[nodiscard]] std::vector<Outcome> give_up(StagedBatch& batch, const Error& why) const;

  // Ends every lease whose deadline is at or before `now`, and forgets services empty for too long. Visible when it
  // returns. The rows are pending: see `record_pending`. Returns how many leases ended.
  std::size_t sweep(LeaseTime now, WallTime wall_now);

  // Before `restore`.
  void limit_expiries(const ExpiryRule& rule) { expiry_limit_.set(rule); }

  // Whether something is visible that the journal has not recorded, and the attempt to record it: a transaction even when
  // there is nothing, which shows whether the store works. After a failed attempt it is still pending.
  [[nodiscard]] bool has_unrecorded_rows() const noexcept;
  [[nodiscard]] Result<void> record_pending();

  // When `sweep` should be called next; empty when nothing is on the roll. Never later than the next end of a lease.
  [[nodiscard]] std::optional<LeaseTime> next_wake();

 private:
  // Changes that are visible but not stored yet: ended leases, names taken by zones.
  struct Pending {
    std::vector<std::pair<InstanceKey, ChangeIndex>> removed;  // with the index of the version that ended
    std::map<InstanceKey, InstanceRecord> changed;             // by a lease that has turned a check critical
    std::map<ServiceKey, ServiceRecord> services;
    std::vector<ServiceKey> forgotten;
    std::vector<Refused> set_aside;
    std::vector<Event> events;  // not numbered yet
  };

  [[nodiscard]] Result<Renewed> renew_if_decided(const InstanceRef& key, LeaseTime now,
                                                 std::optional<CheckedSince> judged) const;
  [[nodiscard]] ChangeIndex take_index(ChangeIndex at_least);
  void withdraw_empty(const Service& service);
  void add_pending_to(Transaction& transaction);
  void add_events_to(Transaction& transaction, std::vector<Event>& staged) const;
  void forget_pending(const DurableChange& change);
  void tell_of(Transaction& transaction);
  std::vector<Outcome> show(StagedBatch& batch, const Committed& committed, const TimeSource& clock, WallTime wall_now);
  void show(Stage& stage, LeaseTime now, WallTime wall_now);
  bool follow_renewal(const DurableChange& change, LeaseTime now);
  void raise_visible_index(ChangeIndex index);
  [[nodiscard]] LeaseTime end_after(const Change& change, LeaseTime now) const;
  void note_safe_times(std::span<const InstanceKey> drained, const TimeSource& clock);
  void restore_service(const ServiceRecord& record, std::span<const InstanceRecord> stored, LeaseTime now,
                       WallTime wall_now, std::vector<Refused>& refused);
  [[nodiscard]] std::optional<Error> refuse_stored(const Registration& stored) const;
  void take_over_service(const HandedService& handed, LeaseTime now, WallTime wall_now);
  void tell_of_restored(const Service& service, WallTime wall_now);
  void publish(const ServiceKey& key, ServiceEdit& edit, WallTime wall_now, LeaseTime now);
  void publish_snapshot(const ServiceKey& key, ChangeIndex index, ProtocolSet protocols,
                        std::vector<const Instance*> members, std::optional<WallTime> empty_since, LeaseTime now);
  struct Leaving {
    const Service* service;
    bool is_whole;  // the service itself leaves, not only these instances
    std::vector<std::pair<const Instance*, std::string>> instances;  // with the sentence
  };
  [[nodiscard]] std::optional<Leaving> find_leaving(const Service& service) const;
  void set_aside(Leaving& leaving, LeaseTime now, WallTime wall_now);
  void end_instances(const ServiceKey& key, std::vector<const Instance*>& ended, WallTime wall_now, LeaseTime now);
  void turn_critical(const ServiceKey& key, std::span<const Instance* const> overdue, WallTime wall_now, LeaseTime now);
  // Returns what it has replaced.
  std::unique_ptr<const Instance> make_critical(const Instance*& overdue, ChangeIndex index, WallTime wall_now,
                                                LeaseTime now);
  enum class Look : std::uint8_t { before_the_end, at_the_end };  // the same time, where no limit is set
  void set_timer(const Instance& instance, Look look = Look::before_the_end);
  void limit(std::vector<const Instance*>& due, LeaseTime now);
  void forget_at(const ServiceKey& key, std::optional<LeaseTime> time);
  void forget_empty_services(LeaseTime now);

  Journal& journal_;
  Audience& audience_;
  const ZoneDirectory& zones_;
  const std::chrono::milliseconds forget_service_after_;
  EventSink* const sink_;
  LeaseAuthority* authority_ = nullptr;

  rcu::Table<Instance> instances_;
  rcu::Table<Service> services_;
  Labels labels_;      // of the instances
  TimingWheel wheel_;  // after the tables: it lets go of their timers first
  // Services without instances, and when each is forgotten: by name, and by time.
  std::map<ServiceKey, LeaseTime> empty_;
  std::set<std::pair<LeaseTime, ServiceKey>> to_forget_;
  Pending pending_;
  EndedLeases ended_;
  StoredIndexes stored_;  // of the instances
  ExpiryLimit expiry_limit_;
  bool expects_handed_roll_ = false;
  ChangeIndex followed_ = 0;

  std::atomic<std::uint64_t> service_count_{0};
  std::atomic<std::uint64_t> instance_count_{0};
  std::atomic<std::uint64_t> expired_count_{0};
  std::atomic<ChangeIndex> visible_index_{0};
};

}  // namespace rollcall::registry
