#include "registry/registry.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/limits.h"
#include "registry/instance/instance_image.h"
#include "registry/staged_batch.h"

namespace rollcall::registry {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds k_too_long_again{1};  // what the cluster has not ended yet

LeaseTime time_of(Tick tick) { return LeaseTime(milliseconds(static_cast<std::int64_t>(tick))); }

// Timers belong to the writer; everything else of an Instance is read-only once published.
TimingWheel::Timer& timer_of(const Instance& instance) { return const_cast<Instance&>(instance); }

// Whether the lease of one can go on as that of the other: the deadlines mean the same.
bool has_same_lease(const Instance& a, const Instance& b) {
  return a.lease_kind() == b.lease_kind() && a.is_overdue() == b.is_overdue();
}

}  // namespace

// --- The registry ---

Registry::Registry(Journal& journal, Audience& audience, const ZoneDirectory& zones,
                   std::chrono::milliseconds forget_service_after, EventSink* sink)
    : journal_(journal), audience_(audience), zones_(zones), forget_service_after_(forget_service_after), sink_(sink) {}

Registry::~Registry() = default;

Counts Registry::counts() const noexcept {
  return {.services = service_count_.load(std::memory_order_relaxed),
          .instances = instance_count_.load(std::memory_order_relaxed),
          .expired = expired_count_.load(std::memory_order_relaxed),
          .put_off = expiry_limit_.put_off(),
          .is_mass_silence = expiry_limit_.is_holding(),
          .index = visible_index_.load(std::memory_order_relaxed)};
}

Result<Renewed> Registry::renew(const InstanceRef& key, LeaseTime now, std::optional<CheckedSince> judged) const {
  if (authority_ != nullptr) return renew_if_decided(key, now, judged);
  const rcu::ReadLock lock;
  while (true) {
    const Instance* instance = instances_.find(key);
    const bool is_meant = instance != nullptr && (!judged || instance->checked_since() == *judged);
    if (!is_meant || !instance->renew(now)) {
      return failure(Errc::unknown_instance, fmt::format("the service \"{}\" has no instance \"{}\": register again",
                                                         key.service.name, key.id));
    }
    // Replaced meanwhile: the newer version may have taken the lease over before it was renewed.
    if (!instance->is_replaced.load(std::memory_order_seq_cst)) return Renewed{instance->lease.expires_at()};
  }
}

Result<Renewed> Registry::renew(const Instance& found, LeaseTime now) const {
  if (authority_ != nullptr) return renew_if_decided(found.key(), now, std::nullopt);
  const bool is_renewed = found.renew(now);
  if (is_renewed && !found.is_replaced.load(std::memory_order_seq_cst)) return Renewed{found.lease.expires_at()};
  return renew(found.key(), now);
}

std::unique_ptr<StagedBatch> Registry::stage(std::span<const Change> changes, LeaseTime now, WallTime wall_now) {
  auto batch = std::make_unique<StagedBatch>(changes, Stage(instances_, services_, labels_, zones_, ended_, stored_));
  const rcu::ReadLock lock;
  batch->waiting = batch->stage.add_all(changes, now, wall_now, batch->outcomes, batch->renewals);
  check(batch->outcomes.size() == changes.size(), "each change has one outcome");
  if (batch->needs_record()) batch->transaction = batch->stage.transaction(wall_now);
  add_events_to(batch->transaction, batch->stage.events());
  return batch;
}

std::vector<Outcome> Registry::apply(std::span<const Change> changes, const TimeSource& clock, WallTime wall_now) {
  const LeaseTime staged_at = clock.now();
  sweep(staged_at, wall_now);
  for (std::size_t conflicts = 0;; ++conflicts) {
    const std::unique_ptr<StagedBatch> batch = stage(changes, staged_at, wall_now);
    if (!batch->needs_record()) return std::move(batch->outcomes);
    add_pending_to(batch->transaction);
    // What the transaction points at stays: nobody but this thread takes anything off the roll.
    const Recorded recorded = journal_.record(batch->transaction);
    if (recorded) return show(*batch, *recorded, clock, wall_now);
    const NotRecorded& failed = recorded.error();
    const bool stages_anew = failed.reason == NotRecorded::Reason::conflict && conflicts < limits::k_conflicts_max;
    if (!stages_anew) return give_up(*batch, failed);
    batch->stage.undo_early_ends();
    static_cast<void>(follow(failed.newer, clock, wall_now));
    check(followed_ >= failed.follow_up_to, "a journal that answers at once has what is newer at hand");
  }
}

// Leases begin when everything is durable: a slow disk takes nothing from them.
std::vector<Outcome> Registry::show(StagedBatch& batch, const Committed& committed, const TimeSource& clock,
                                    WallTime wall_now) {
  pending_ = {};
  batch.transaction.number(committed);
  batch.stage.number(committed);
  const LeaseTime now = clock.now();
  show(batch.stage, now, wall_now);
  raise_visible_index(committed.last_index);
  std::vector<Outcome> outcomes = conclude(batch, committed, now);
  forget_empty_services(clock.now());
  note_safe_times(batch.stage.drained(), clock);
  tell_of(batch.transaction);
  return outcomes;
}

void Registry::show(Stage& stage, LeaseTime now, WallTime wall_now) {
  const rcu::ReadLock lock;
  for (auto& [key, edit] : stage.edits()) publish(key, edit, wall_now, now);
  for (const ServiceKey& key : stage.forgotten()) {
    const Service* service = services_.find(key.ref());
    if (service == nullptr || !service->instances.empty()) continue;
    forget_at(key, std::nullopt);
    withdraw_empty(*service);
  }
}

void Registry::raise_visible_index(ChangeIndex index) {
  check(!is_staged(index), "only an index that was given is shown");
  if (index > visible_index_.load(std::memory_order_relaxed)) visible_index_.store(index, std::memory_order_relaxed);
}

// Until when the instance stays, for who asked for the change. Under a ReadLock, once all is published.
LeaseTime Registry::end_after(const Change& change, LeaseTime now) const {
  if (const Register* asked = std::get_if<Register>(&change.asked)) {
    if (asked->registration.lease == LeaseKind::none) return Lease::never();
    return Lease(now, asked->registration.ttl).expires_at();
  }
  const Instance* instance = find_instance(key_of(change).ref());
  return instance == nullptr ? LeaseTime{} : instance->lease.expires_at();
}

// What was answered from the snapshots before is known when nobody reads them any more.
void Registry::note_safe_times(std::span<const InstanceKey> drained, const TimeSource& clock) {
  if (drained.empty()) return;
  rcu::wait_for_readers();
  const LeaseTime now = clock.now();
  const rcu::ReadLock lock;
  for (const InstanceKey& key : drained) {
    const Instance* instance = instances_.find(key.ref());
    if (instance != nullptr) instance->safe.set(audience_.answered_until(key.service.ref(), now));
  }
}

// The order of visibility: the instances themselves, the service's snapshot, the audience. What they replaced is
// retired last, when nothing leads to it any more.
void Registry::publish(const ServiceKey& key, ServiceEdit& edit, WallTime wall_now, LeaseTime now) {
  check(edit.index > 0 && !is_staged(edit.index), "a service is shown at the index it was recorded at");
  std::vector<std::unique_ptr<const Instance>> retired;
  std::vector<const Instance*> members;
  static const std::vector<const Instance*> k_none;
  const std::vector<const Instance*>& before = edit.current == nullptr ? k_none : edit.current->instances;
  members.reserve(before.size() + edit.instances.size());

  const auto take_out = [&](const Instance& gone) {
    wheel_.cancel(timer_of(gone));
    gone.lease.end();
    labels_.remove(gone);
    stored_.forget(gone);
    instance_count_.fetch_sub(1, std::memory_order_relaxed);
    retired.push_back(instances_.remove(gone));
  };
  const auto put_in = [&](InstanceRecord& record, const Instance* replaced) {
    check(!is_staged(record.index), "an instance is shown at the index it was recorded at");
    auto instance = Instance::make(record.registration, record.standing, record.index, record.registered_at, now,
                                   record.checked_since);
    const Instance& added = *instance;
    const bool goes_on = replaced != nullptr && !record.renews_lease && has_same_lease(added, *replaced) &&
                         (replaced->lease.counted_by() == record.lease_holder || authority_ != nullptr);
    if (record.lease_holder == LeaseHolder::elsewhere || authority_ != nullptr) added.lease.count_elsewhere();
    if (goes_on) added.lease.begin_as(replaced->lease);
    if (replaced != nullptr && replaced->is_draining()) added.safe = replaced->safe;
    if (replaced != nullptr) {
      wheel_.cancel(timer_of(*replaced));
      labels_.remove(*replaced);
      stored_.forget(*replaced);
    }
    labels_.add(added);
    std::unique_ptr<const Instance> old = instances_.publish(std::move(instance));
    check(old.get() == replaced, "the table and the snapshot agree on who is on the roll");
    if (old != nullptr) {
      // In this order: a heartbeat that came to the old lease before this is taken over, a later one sees the mark.
      old->is_replaced.store(true, std::memory_order_seq_cst);
      if (goes_on) added.lease.take_over(old->lease);
      retired.push_back(std::move(old));
    } else {
      instance_count_.fetch_add(1, std::memory_order_relaxed);
    }
    set_timer(added);
    members.push_back(&added);
  };

  // Both sides are sorted by id. Members between two edits are copied as pointers, unread: few changes of a large service
  // cost little more than its list of pointers.
  auto rest = before.begin();
  for (auto& [id, record] : edit.instances) {
    const auto at = std::ranges::lower_bound(rest, before.end(), std::string_view(id), {}, &Instance::id);
    members.insert(members.end(), rest, at);
    const Instance* known = at != before.end() && (*at)->id() == id ? *at : nullptr;
    rest = known == nullptr ? at : at + 1;
    if (record) {
      put_in(*record, known);
    } else if (known != nullptr) {
      take_out(*known);
    }
  }
  members.insert(members.end(), rest, before.end());
  publish_snapshot(key, edit.index, edit.protocols, std::move(members), wall_now, now);
  for (std::unique_ptr<const Instance>& instance : retired) rcu::Entry::retire(std::move(instance));
}

void Registry::publish_snapshot(const ServiceKey& key, ChangeIndex index, ProtocolSet protocols,
                                std::vector<const Instance*> members, std::optional<WallTime> empty_since,
                                LeaseTime now) {
  const bool is_empty = members.empty();
  check(!is_empty || empty_since.has_value(), "a service without instances says since when");
  members.shrink_to_fit();
  auto service =
      std::make_unique<Service>(key, index, protocols, std::move(members), is_empty ? empty_since : std::nullopt);
  const Service& visible = *service;
  std::unique_ptr<const Service> old = services_.publish(std::move(service));
  if (old == nullptr) service_count_.fetch_add(1, std::memory_order_relaxed);
  const bool was_empty = old != nullptr && old->instances.empty();
  const bool forgets_by_itself = (is_empty || was_empty) && authority_ == nullptr;
  if (forgets_by_itself) forget_at(key, is_empty ? std::optional(now + forget_service_after_) : std::nullopt);
  audience_.publish(visible);
  if (old != nullptr) rcu::Entry::retire(std::move(old));
}

// For the next of its deadlines. None where nothing ends by itself; a lease that is held elsewhere has none here.
void Registry::set_timer(const Instance& instance, Look look) {
  LeaseTime at = LeaseTime::max();
  if (instance.lease.counted_by() == LeaseHolder::this_node) {
    at = instance.lease.expires_at();
    if (at < Lease::never() && look == Look::before_the_end) at -= expiry_limit_.lead_of(instance.ttl());
  }
  // Leases end at whole milliseconds, this does not: a timer that fires before it could not be set again.
  at = std::min<LeaseTime>(at, std::chrono::ceil<milliseconds>(std::min(instance.ends_at(), Lease::never())));
  if (at < Lease::never()) wheel_.set(timer_of(instance), millisecond_of(at));
}

std::size_t Registry::sweep(LeaseTime now, WallTime wall_now) {
  std::map<ServiceKey, std::vector<const Instance*>> ended;
  std::map<ServiceKey, std::vector<const Instance*>> overdue;
  std::vector<const Instance*> due;
  std::vector<const Instance*> too_long;  // in a cluster
  std::size_t count = 0;
  wheel_.advance(millisecond_of(now), [&](TimingWheel::Timer& timer) {
    const Instance& instance = static_cast<Instance&>(timer);
    const bool ends = instance.ends_at() <= now;
    if (instance.lease.counted_by() == LeaseHolder::elsewhere) {
      if (ends) too_long.push_back(&instance);
      return ends ? wheel_.set(timer, millisecond_of(now + k_too_long_again)) : set_timer(instance);
    }
    if (ends) instance.lease.end();
    if (ends || instance.lease.end_if_due(now)) {
      const bool stays = !ends && instance.lease_kind() == LeaseKind::turns_critical;
      (stays ? overdue : ended)[to_key(instance.service())].push_back(&instance);
      if (!stays) ++count;
    } else if (instance.lease.expires_at() - now <= expiry_limit_.lead_of(instance.ttl())) {
      due.push_back(&instance);
    } else {
      instance.is_put_off.store(false, std::memory_order_relaxed);
      set_timer(instance);  // heartbeats have moved the deadline
    }
  });
  const rcu::ReadLock lock;
  limit(due, now);
  for (auto& [key, instances] : ended) end_instances(key, instances, wall_now, now);
  for (auto& [key, instances] : overdue) turn_critical(key, instances, wall_now, now);
  for (const Instance* instance : too_long) {
    if (authority_ != nullptr) authority_->critical_too_long(instance->key());
  }
  if (count > 0) {
    instance_count_.fetch_sub(count, std::memory_order_relaxed);
    expired_count_.fetch_add(count, std::memory_order_relaxed);
  }
  forget_empty_services(now);
  return count;
}

void Registry::end_instances(const ServiceKey& key, std::vector<const Instance*>& ended, WallTime wall_now,
                             LeaseTime now) {
  const Service* service = services_.find(key.ref());
  check(service != nullptr, "an instance's service is on the roll");
  std::ranges::sort(ended);
  std::vector<const Instance*> members;
  members.reserve(service->instances.size() - ended.size());
  std::ranges::copy_if(service->instances, std::back_inserter(members),
                       [&](const Instance* member) { return !std::ranges::binary_search(ended, member); });
  const ChangeIndex index = journal_.take_index();
  check(index > service->index, "a service's index only grows");
  pending_.services.insert_or_assign(
      key, ServiceRecord{key, index, service->protocols, members.empty() ? std::optional(wall_now) : std::nullopt});
  std::vector<std::unique_ptr<const Instance>> retired;
  for (const Instance* instance : ended) {
    const bool is_too_long = instance->ends_at() <= now;
    pending_.removed.emplace_back(instance->owned_key(), instance->index);
    pending_.changed.erase(instance->owned_key());
    pending_.events.push_back({.at = wall_now,
                               .key = instance->owned_key(),
                               .kind = EventKind::expired,
                               .cause = is_too_long ? Cause::critical_too_long : Cause::lease_ended,
                               .index = index,
                               .before = write_image(*instance)});
    ended_.add(instance->key());
    labels_.remove(*instance);
    retired.push_back(instances_.remove(*instance));
  }
  publish_snapshot(key, index, service->protocols, std::move(members), wall_now, now);
  raise_visible_index(index);
  for (std::unique_ptr<const Instance>& instance : retired) rcu::Entry::retire(std::move(instance));
}

std::optional<LeaseTime> Registry::next_wake() {
  std::optional<LeaseTime> wake;
  if (const std::optional<Tick> tick = wheel_.next_wake()) wake = time_of(*tick);
  if (!to_forget_.empty() && (!wake || to_forget_.begin()->first < *wake)) wake = to_forget_.begin()->first;
  return wake;
}

}  // namespace rollcall::registry
