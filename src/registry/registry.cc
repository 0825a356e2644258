#include "registry/registry.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <unordered_set>
#include <utility>
#include <variant>

#include "base/check.h"
#include "registry/stage.h"

namespace rollcall::registry {
namespace {

using std::chrono::milliseconds;

LeaseTime time_of(Tick tick) { return LeaseTime(milliseconds(static_cast<std::int64_t>(tick))); }

// Timers belong to the writer; everything else of an Instance is read-only once published.
TimingWheel::Timer& timer_of(const Instance& instance) { return const_cast<Instance&>(instance); }

const InstanceKey& key_of(const Register& change) { return change.registration.key; }
const InstanceKey& key_of(const Edit& change) { return change.registration.key; }
const InstanceKey& key_of(const auto& change) { return change.key; }

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
  const rcu::ReadLock lock;
  while (true) {
    const Instance* instance = instances_.find(key);
    const bool is_meant = instance != nullptr && (!judged || instance->checked_since() == *judged);
    if (!is_meant || !instance->lease.renew(now, instance->ttl())) {
      return failure(Errc::unknown_instance, fmt::format("the service \"{}\" has no instance \"{}\": register again",
                                                         key.service.name, key.id));
    }
    // Replaced meanwhile: the newer version may have taken the lease over before it was renewed.
    if (!instance->is_replaced.load(std::memory_order_seq_cst)) return Renewed{instance->lease.expires_at()};
  }
}

Result<Renewed> Registry::renew(const Instance& found, LeaseTime now) const {
  const bool is_renewed = found.lease.renew(now, found.ttl());
  if (is_renewed && !found.is_replaced.load(std::memory_order_seq_cst)) return Renewed{found.lease.expires_at()};
  return renew(found.key(), now);
}

std::vector<Outcome> Registry::apply(std::span<const Change> changes, const TimeSource& clock, WallTime wall_now) {
  const LeaseTime staged_at = clock.now();
  sweep(staged_at, wall_now);

  std::vector<Outcome> outcomes;
  std::vector<std::size_t> waiting;
  Stage stage(instances_, services_, labels_, zones_, ended_, index_);
  Transaction transaction;
  {
    const rcu::ReadLock lock;
    waiting = stage.add_all(changes, staged_at, wall_now, outcomes);
    if (stage.is_empty()) return outcomes;
    transaction = stage.transaction(wall_now);
    add_owed_to(transaction);
    add_events_to(transaction, stage.events());
  }
  // What the stage points at stays: nobody but this thread takes anything off the roll.
  if (const Result<void> recorded = journal_.record(transaction); !recorded) {
    stage.take_back();
    for (const std::size_t i : waiting) outcomes[i] = std::unexpected(recorded.error());
    return outcomes;
  }
  owed_ = {};
  index_ = stage.index();
  {
    // Leases begin when everything is durable: a slow disk takes nothing from them.
    const LeaseTime now = clock.now();
    const rcu::ReadLock lock;
    for (auto& [key, edit] : stage.edits()) publish(key, edit, wall_now, now);
    visible_index_.store(index_, std::memory_order_relaxed);
    for (const std::size_t i : waiting) outcomes[i]->expires_at = end_after(changes[i], now);
  }
  forget_empty_services(clock.now());
  note_safe_times(stage.drained(), clock);
  events_are_durable(transaction);
  return outcomes;
}

// Until when the instance stays, for who asked for the change. Under a ReadLock, once all is published.
LeaseTime Registry::end_after(const Change& change, LeaseTime now) const {
  if (const Register* asked = std::get_if<Register>(&change.asked)) {
    return Lease(now, asked->registration.ttl).expires_at();
  }
  const Instance* instance =
      std::visit([this](const auto& asked) { return find_instance(key_of(asked).ref()); }, change.asked);
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
  std::vector<std::unique_ptr<const Instance>> retired;
  std::vector<const Instance*> members;
  static const std::vector<const Instance*> k_none;
  const std::vector<const Instance*>& before = edit.current == nullptr ? k_none : edit.current->instances;
  members.reserve(before.size() + edit.instances.size());

  const auto take_out = [&](const Instance& gone) {
    wheel_.cancel(timer_of(gone));
    gone.lease.end();
    labels_.remove(gone);
    instance_count_.fetch_sub(1, std::memory_order_relaxed);
    retired.push_back(instances_.remove(gone));
  };
  const auto put_in = [&](InstanceRecord& record, const Instance* replaced) {
    auto instance = Instance::make(record.registration, record.standing, record.index, record.registered_at, now,
                                   record.checked_since);
    const Instance& added = *instance;
    const bool goes_on = replaced != nullptr && !record.renews_lease;
    if (goes_on) added.lease.begin_as(replaced->lease);
    if (replaced != nullptr && replaced->is_draining()) added.safe = replaced->safe;
    if (replaced != nullptr) {
      wheel_.cancel(timer_of(*replaced));
      labels_.remove(*replaced);
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

  // Both sides are sorted by id. Whoever stands between two edits is copied unread: few changes of a large service cost
  // little more than its list of pointers.
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
  members.shrink_to_fit();
  auto service =
      std::make_unique<Service>(key, index, protocols, std::move(members), is_empty ? empty_since : std::nullopt);
  const Service& visible = *service;
  std::unique_ptr<const Service> old = services_.publish(std::move(service));
  if (old == nullptr) service_count_.fetch_add(1, std::memory_order_relaxed);
  const bool was_empty = old != nullptr && old->instances.empty();
  if (is_empty || was_empty) forget_at(key, is_empty ? std::optional(now + forget_service_after_) : std::nullopt);
  audience_.publish(visible);
  if (old != nullptr) rcu::Entry::retire(std::move(old));
}

void Registry::set_timer(const Instance& instance, Look look) {
  LeaseTime at = instance.lease.expires_at();
  if (look == Look::before_the_end) at -= expiry_limit_.lead_of(instance.ttl());
  wheel_.set(timer_of(instance), millisecond_of(at));
}

std::size_t Registry::sweep(LeaseTime now, WallTime wall_now) {
  std::map<ServiceKey, std::vector<const Instance*>> ended;
  std::vector<const Instance*> due;
  std::size_t count = 0;
  wheel_.advance(millisecond_of(now), [&](TimingWheel::Timer& timer) {
    const Instance& instance = static_cast<Instance&>(timer);
    if (instance.lease.end_if_due(now)) {
      ended[to_key(instance.service())].push_back(&instance);
      ++count;
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
  if (count > 0) {
    instance_count_.fetch_sub(count, std::memory_order_relaxed);
    expired_count_.fetch_add(count, std::memory_order_relaxed);
    visible_index_.store(index_, std::memory_order_relaxed);
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
  ++index_;
  owed_.services.insert_or_assign(
      key, ServiceRecord{key, index_, service->protocols, members.empty() ? std::optional(wall_now) : std::nullopt});
  std::vector<std::unique_ptr<const Instance>> retired;
  for (const Instance* instance : ended) {
    owed_.removed.push_back(instance->owned_key());
    owed_.events.push_back({.at = wall_now,
                            .key = instance->owned_key(),
                            .kind = EventKind::expired,
                            .cause = Cause::lease_ended,
                            .index = index_});
    ended_.add(instance->key());
    labels_.remove(*instance);
    retired.push_back(instances_.remove(*instance));
  }
  publish_snapshot(key, index_, service->protocols, std::move(members), wall_now, now);
  for (std::unique_ptr<const Instance>& instance : retired) rcu::Entry::retire(std::move(instance));
}

// --- What leases that ended owe to stable storage ---

bool Registry::owes() const noexcept {
  return !owed_.removed.empty() || !owed_.services.empty() || !owed_.forgotten.empty() || !owed_.set_aside.empty() ||
         !owed_.events.empty();
}

void Registry::add_owed_to(Transaction& transaction) const {
  // A change staged for the same service is the newer word. The set borrows from the rows, which must not move.
  transaction.services.reserve(transaction.services.size() + owed_.services.size());
  std::unordered_set<ServiceRef, ServiceHash, ServiceEqual> newer;
  for (const ServiceRecord& record : transaction.services) newer.insert(record.key.ref());
  for (const auto& [key, record] : owed_.services) {
    if (!newer.contains(key.ref())) transaction.services.push_back(record);
  }
  for (const InstanceKey& key : owed_.removed) transaction.removed.push_back(key.ref());
  for (const ServiceKey& key : owed_.forgotten) {
    const bool came_back = newer.contains(key.ref()) || services_.find(key.ref()) != nullptr;
    if (!came_back) transaction.forgotten.push_back(key.ref());
  }
  for (const Refused& each : owed_.set_aside) transaction.set_aside.push_back(&each);
  transaction.index = std::max(transaction.index, index_);
}

Result<void> Registry::settle() {
  Transaction transaction;
  std::vector<Event> none;
  {
    const rcu::ReadLock lock;
    add_owed_to(transaction);
    add_events_to(transaction, none);
  }
  Result<void> recorded = journal_.record(transaction);
  if (!recorded) return recorded;
  owed_ = {};
  events_are_durable(transaction);
  return recorded;
}

// --- The history ---

// What is owed happened first. Numbers are taken for good only when the transaction is durable.
void Registry::add_events_to(Transaction& transaction, std::vector<Event>& staged) {
  transaction.events.reserve(owed_.events.size() + staged.size());
  EventId id = last_event_;
  const auto add = [&](Event event) {
    event.id = ++id;
    transaction.events.push_back(std::make_shared<const Event>(std::move(event)));
  };
  for (const Event& event : owed_.events) add(event);
  for (Event& event : staged) add(std::move(event));
  transaction.last_event = id;
}

void Registry::events_are_durable(Transaction& transaction) {
  if (transaction.events.empty()) return;
  last_event_ = transaction.events.back()->id;
  for (const std::shared_ptr<const Event>& event : transaction.events) {
    if (event->cause == Cause::refused) ended_.add(event->key.ref());
    if (event->cause == Cause::came_back) ended_.remove(event->key.ref());
  }
  if (sink_ != nullptr) sink_->tell(std::move(transaction.events));
}

std::optional<LeaseTime> Registry::next_wake() {
  std::optional<LeaseTime> wake;
  if (const std::optional<Tick> tick = wheel_.next_wake()) wake = time_of(*tick);
  if (!to_forget_.empty() && (!wake || to_forget_.begin()->first < *wake)) wake = to_forget_.begin()->first;
  return wake;
}

}  // namespace rollcall::registry
