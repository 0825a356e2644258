#include "registry/registry.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/check.h"

namespace rollcall::registry {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

Tick tick_of(LeaseTime time) { return static_cast<Tick>(duration_cast<milliseconds>(time.time_since_epoch()).count()); }
LeaseTime time_of(Tick tick) { return LeaseTime(milliseconds(static_cast<std::int64_t>(tick))); }

// Timers belong to the writer; everything else of an Instance is read-only once published.
TimingWheel::Timer& timer_of(const Instance& instance) { return const_cast<Instance&>(instance); }

struct RefHash {
  using is_transparent = void;
  std::size_t operator()(const ServiceRef& key) const noexcept { return hash_of(key); }
  std::size_t operator()(const ServiceKey& key) const noexcept { return hash_of(key.ref()); }
};
struct RefEqual {
  using is_transparent = void;
  static ServiceRef ref(const ServiceRef& key) { return key; }
  static ServiceRef ref(const ServiceKey& key) { return key.ref(); }
  bool operator()(const auto& a, const auto& b) const noexcept { return ref(a) == ref(b); }
};

}  // namespace

// What one commit does to one service. An instance without a record is removed.
struct Registry::ServiceEdit {
  const Service* current = nullptr;
  ChangeIndex index = 0;
  ProtocolSet protocols = 0;
  bool index_needs_row = false;  // the instances' rows alone would not carry the new index
  std::map<std::string, std::optional<InstanceRecord>, std::less<>> instances;
};

// A transaction in the making: the roll as it will be, laid over the roll as it is.
class Registry::Stage {
 public:
  explicit Stage(Registry& registry) : registry_(registry), index_(registry.index_) {}

  // Appends one outcome for each change, as it will be if the record succeeds. Returns which of them wait for the
  // record; the others are final. Under a ReadLock.
  std::vector<std::size_t> add_all(std::span<const Change> changes, LeaseTime now, WallTime wall_now,
                                   std::vector<Outcome>& outcomes);

  [[nodiscard]] bool is_empty() const { return edits_.empty(); }
  [[nodiscard]] ChangeIndex index() const { return index_; }
  [[nodiscard]] Transaction transaction(WallTime wall_now) const;
  [[nodiscard]] auto& edits() { return edits_; }

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

  Registry& registry_;
  ChangeIndex index_;
  std::unordered_map<ServiceKey, ServiceEdit, RefHash, RefEqual> edits_;
};

std::vector<std::size_t> Registry::Stage::add_all(std::span<const Change> changes, LeaseTime now, WallTime wall_now,
                                                  std::vector<Outcome>& outcomes) {
  std::vector<std::size_t> waiting;
  outcomes.reserve(changes.size());
  for (const Change& change : changes) {
    bool waits = false;
    if (const Register* registration = std::get_if<Register>(&change)) {
      outcomes.push_back(add(*registration, now, wall_now, waits));
    } else {
      outcomes.push_back(add(std::get<Deregister>(change), waits));
    }
    if (waits) waiting.push_back(outcomes.size() - 1);
  }
  return waiting;
}

Registry::ServiceEdit& Registry::Stage::edit_of(const ServiceKey& key) {
  const auto [at, is_new] = edits_.try_emplace(key);
  ServiceEdit& edit = at->second;
  if (is_new) {
    edit.current = registry_.services_.find(key.ref());
    if (edit.current != nullptr) edit.protocols = edit.current->protocols;
  }
  return edit;
}

Registry::Stage::Before Registry::Stage::find(const InstanceRef& key) const {
  if (const auto edit = edits_.find(key.service); edit != edits_.end()) {
    if (const auto staged = edit->second.instances.find(key.id); staged != edit->second.instances.end()) {
      if (!staged->second) return {};
      const InstanceRecord& record = *staged->second;
      return {&record.registration, record.status, record.registered_at, record.index, nullptr};
    }
  }
  const Instance* live = registry_.instances_.find(key);
  if (live == nullptr) return {};
  return {&live->registration, live->status, live->registered_at, live->index, live};
}

// An id that differs from this one only in case: both would be the same DNS name.
const std::string* Registry::Stage::find_same_label(const InstanceRef& key) const {
  const auto differs_in_case = [&](std::string_view id) { return id != key.id && equal_but_for_case(id, key.id); };
  if (const auto edit = edits_.find(key.service); edit != edits_.end()) {
    for (const auto& [id, record] : edit->second.instances) {
      if (record && differs_in_case(id)) return &id;
    }
  }
  const Instance* twin = registry_.instances_.find_if(hash_of(key), [&](const Instance& other) {
    return other.registration.key.service.ref() == key.service && differs_in_case(other.registration.key.id);
  });
  if (twin == nullptr) return nullptr;
  const bool still_there = find(twin->key()).registration != nullptr;
  return still_there ? &twin->registration.key.id : nullptr;
}

std::optional<Error> Registry::Stage::refuse_new(const InstanceRef& key) const {
  if (registry_.services_.find(key.service) == nullptr) {
    if (const auto conflict = registry_.zones_.find_conflict(key.service)) {
      return Error{
          Errc::conflict,
          fmt::format("the zone file has the name {}: choose another service name or remove it there", *conflict),
          "service"};
    }
  }
  if (const std::string* twin = find_same_label(key)) {
    return Error{Errc::conflict,
                 fmt::format("the id differs only in case from the registered \"{}\", and both would be one DNS name: "
                             "choose another id",
                             *twin),
                 "id"};
  }
  return std::nullopt;
}

Outcome Registry::Stage::add(const Register& change, LeaseTime now, WallTime wall_now, bool& waits) {
  const Registration& asked = change.registration;
  const Before before = find(asked.key.ref());
  waits = true;
  if (before.registration != nullptr && *before.registration == asked) {
    if (before.published == nullptr) {  // repeats what waits for the record already
      return Applied{.status = before.status, .label = label_of(asked.key.id), .index = before.index, .expires_at = {}};
    }
    if (before.published->lease.renew(now, asked.ttl)) {
      waits = false;
      return Applied{.status = before.status,
                     .label = before.published->label,
                     .index = before.index,
                     .expires_at = before.published->lease.expires_at()};
    }
  }
  const bool is_new = before.registration == nullptr;
  if (is_new) {
    if (std::optional<Error> refusal = refuse_new(asked.key.ref())) {
      waits = false;
      return std::unexpected(std::move(*refusal));
    }
  }
  ServiceEdit& edit = edit_of(asked.key.service);
  const bool protocol_is_new = (edit.protocols & to_set(asked.protocol)) == 0;
  edit.protocols |= to_set(asked.protocol);
  edit.index = ++index_;
  // A service's row is written when it appears, comes back, or shows a protocol for the first time.
  if (edit.current == nullptr || edit.current->instances.empty() || protocol_is_new) edit.index_needs_row = true;
  // A registration that repeats or updates an instance does not undo a drain.
  edit.instances.insert_or_assign(
      asked.key.id, InstanceRecord{asked, before.status, index_, is_new ? wall_now : before.registered_at});
  return Applied{.created = is_new,
                 .changed = true,
                 .status = before.status,
                 .label = label_of(asked.key.id),
                 .index = index_,
                 .expires_at = {}};
}

Outcome Registry::Stage::add(const Deregister& change, bool& waits) {
  const Before before = find(change.key.ref());
  waits = before.registration != nullptr;
  if (!waits) {
    return failure(Errc::unknown_instance,
                   fmt::format("the service \"{}\" has no instance \"{}\"", change.key.service.name, change.key.id));
  }
  const Status status = before.status;
  ServiceEdit& edit = edit_of(change.key.service);
  edit.index = ++index_;
  edit.index_needs_row = true;
  edit.instances.insert_or_assign(change.key.id, std::nullopt);
  return Applied{
      .changed = true, .status = status, .label = label_of(change.key.id), .index = index_, .expires_at = {}};
}

Transaction Registry::Stage::transaction(WallTime wall_now) const {
  Transaction transaction;
  transaction.index = index_;
  for (const auto& [key, edit] : edits_) {
    std::ptrdiff_t members = edit.current == nullptr ? 0 : std::ssize(edit.current->instances);
    for (const auto& [id, record] : edit.instances) {
      const InstanceRef instance{key.ref(), id};
      const bool was_there = registry_.instances_.find(instance) != nullptr;
      if (record) {
        transaction.instances.push_back(&*record);
        if (!was_there) ++members;
      } else {
        transaction.removed.push_back(instance);
        if (was_there) --members;
      }
    }
    if (edit.index_needs_row) {
      transaction.services.push_back(
          {key, edit.index, edit.protocols, members == 0 ? std::optional(wall_now) : std::nullopt});
    }
  }
  return transaction;
}

// --- The registry ---

Registry::Registry(Journal& journal, Audience& audience, const ZoneDirectory& zones,
                   std::chrono::milliseconds forget_service_after)
    : journal_(journal), audience_(audience), zones_(zones), forget_service_after_(forget_service_after) {}

Registry::~Registry() = default;

Counts Registry::counts() const noexcept {
  return {service_count_.load(std::memory_order_relaxed), instance_count_.load(std::memory_order_relaxed),
          expired_count_.load(std::memory_order_relaxed), visible_index_.load(std::memory_order_relaxed)};
}

Result<Renewed> Registry::renew(const InstanceRef& key, LeaseTime now) const {
  const rcu::ReadLock lock;
  const Instance* instance = instances_.find(key);
  if (instance == nullptr || !instance->lease.renew(now, instance->registration.ttl)) {
    return failure(Errc::unknown_instance,
                   fmt::format("the service \"{}\" has no instance \"{}\": register again", key.service.name, key.id));
  }
  return Renewed{instance->lease.expires_at()};
}

std::vector<Outcome> Registry::apply(std::span<const Change> changes, const TimeSource& clock, WallTime wall_now) {
  const LeaseTime staged_at = clock.now();
  sweep(staged_at, wall_now);

  std::vector<Outcome> outcomes;
  std::vector<std::size_t> waiting;
  Stage stage(*this);
  Transaction transaction;
  {
    const rcu::ReadLock lock;
    waiting = stage.add_all(changes, staged_at, wall_now, outcomes);
    if (stage.is_empty()) return outcomes;
    transaction = stage.transaction(wall_now);
    add_owed_to(transaction);
  }
  // What the stage points at stays: nobody but this thread takes anything off the roll.
  if (const Result<void> recorded = journal_.record(transaction); !recorded) {
    for (const std::size_t i : waiting) outcomes[i] = std::unexpected(recorded.error());
    return outcomes;
  }
  owed_ = {};
  index_ = stage.index();
  // Leases begin when everything is durable: a slow disk takes nothing from them.
  const LeaseTime now = clock.now();
  const rcu::ReadLock lock;
  for (auto& [key, edit] : stage.edits()) publish(key, edit, wall_now, now);
  visible_index_.store(index_, std::memory_order_relaxed);
  for (const std::size_t i : waiting) {
    const Register* change = std::get_if<Register>(&changes[i]);
    if (change != nullptr) outcomes[i]->expires_at = Lease(now, change->registration.ttl).expires_at();
  }
  return outcomes;
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
    instance_count_.fetch_sub(1, std::memory_order_relaxed);
    retired.push_back(instances_.remove(gone));
  };
  const auto put_in = [&](InstanceRecord& record, const Instance* replaced) {
    auto instance = std::make_unique<Instance>(std::move(record.registration), record.status, record.index,
                                               record.registered_at, now);
    const Instance& added = *instance;
    if (replaced != nullptr) wheel_.cancel(timer_of(*replaced));
    std::unique_ptr<const Instance> old = instances_.publish(std::move(instance));
    check(old.get() == replaced, "the table and the snapshot agree on who is on the roll");
    if (old != nullptr) {
      retired.push_back(std::move(old));
    } else {
      instance_count_.fetch_add(1, std::memory_order_relaxed);
    }
    set_timer(added);
    members.push_back(&added);
  };

  // Both sides are sorted by id: one merge.
  auto edited = edit.instances.begin();
  for (const Instance* member : before) {
    const std::string& id = member->registration.key.id;
    for (; edited != edit.instances.end() && edited->first < id; ++edited) {
      if (edited->second) put_in(*edited->second, nullptr);
    }
    if (edited == edit.instances.end() || edited->first != id) {
      members.push_back(member);
      continue;
    }
    if (edited->second) {
      put_in(*edited->second, member);
    } else {
      take_out(*member);
    }
    ++edited;
  }
  for (; edited != edit.instances.end(); ++edited) {
    if (edited->second) put_in(*edited->second, nullptr);
  }
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
  if (is_empty) to_forget_.emplace(now + forget_service_after_, std::pair(key, index));
  const Service& visible = *service;
  std::unique_ptr<const Service> old = services_.publish(std::move(service));
  if (old == nullptr) service_count_.fetch_add(1, std::memory_order_relaxed);
  audience_.publish(visible);
  if (old != nullptr) rcu::Entry::retire(std::move(old));
}

void Registry::set_timer(const Instance& instance) {
  wheel_.set(timer_of(instance), tick_of(instance.lease.expires_at()));
}

std::size_t Registry::sweep(LeaseTime now, WallTime wall_now) {
  std::map<ServiceKey, std::vector<const Instance*>> ended;
  std::size_t count = 0;
  wheel_.advance(tick_of(now), [&](TimingWheel::Timer& timer) {
    const Instance& instance = static_cast<Instance&>(timer);
    if (instance.lease.end_if_due(now)) {
      ended[instance.registration.key.service].push_back(&instance);
      ++count;
    } else {
      set_timer(instance);  // heartbeats have moved the deadline
    }
  });
  const rcu::ReadLock lock;
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
    owed_.removed.push_back(instance->registration.key);
    retired.push_back(instances_.remove(*instance));
  }
  publish_snapshot(key, index_, service->protocols, std::move(members), wall_now, now);
  for (std::unique_ptr<const Instance>& instance : retired) rcu::Entry::retire(std::move(instance));
}

void Registry::forget_empty_services(LeaseTime now) {
  while (!to_forget_.empty() && to_forget_.begin()->first <= now) {
    const auto [key, index] = std::move(to_forget_.begin()->second);
    to_forget_.erase(to_forget_.begin());
    const Service* service = services_.find(key.ref());
    if (service == nullptr || service->index != index || !service->instances.empty()) continue;
    std::unique_ptr<const Service> gone = services_.remove(*service);
    audience_.withdraw(key.ref());
    rcu::Entry::retire(std::move(gone));
    service_count_.fetch_sub(1, std::memory_order_relaxed);
    owed_.services.erase(key);
    owed_.forgotten.push_back(key);
  }
}

// --- What leases that ended owe to stable storage ---

bool Registry::owes() const noexcept {
  return !owed_.removed.empty() || !owed_.services.empty() || !owed_.forgotten.empty();
}

void Registry::add_owed_to(Transaction& transaction) const {
  // A change staged for the same service is the newer word.
  std::unordered_set<ServiceRef, RefHash, RefEqual> newer;
  for (const ServiceRecord& record : transaction.services) newer.insert(record.key.ref());
  for (const auto& [key, record] : owed_.services) {
    if (!newer.contains(key.ref())) transaction.services.push_back(record);
  }
  for (const InstanceKey& key : owed_.removed) transaction.removed.push_back(key.ref());
  for (const ServiceKey& key : owed_.forgotten) {
    const bool came_back = newer.contains(key.ref()) || services_.find(key.ref()) != nullptr;
    if (!came_back) transaction.forgotten.push_back(key.ref());
  }
  transaction.index = std::max(transaction.index, index_);
}

Result<void> Registry::settle() {
  Transaction transaction;
  {
    const rcu::ReadLock lock;
    add_owed_to(transaction);
  }
  Result<void> recorded = journal_.record(transaction);
  if (recorded) owed_ = {};
  return recorded;
}

std::optional<LeaseTime> Registry::next_wake() {
  std::optional<LeaseTime> wake;
  if (const std::optional<Tick> tick = wheel_.next_wake()) wake = time_of(*tick);
  if (!to_forget_.empty() && (!wake || to_forget_.begin()->first < *wake)) wake = to_forget_.begin()->first;
  return wake;
}

// --- Start ---

void Registry::restore(Restored restored, LeaseTime now, WallTime wall_now) {
  const rcu::ReadLock lock;
  index_ = restored.index;
  wheel_.advance(tick_of(now), [](TimingWheel::Timer&) {});
  std::map<ServiceKey, ServiceEdit> edits;
  for (const ServiceRecord& record : restored.services) {
    ServiceEdit& edit = edits[record.key];
    edit.index = record.index;
    edit.protocols = record.protocols;
  }
  for (InstanceRecord& record : restored.instances) {
    ServiceEdit& edit = edits[record.registration.key.service];
    edit.index = std::max(edit.index, record.index);
    edit.protocols |= to_set(record.registration.protocol);
    index_ = std::max(index_, record.index);
    std::string id = record.registration.key.id;
    edit.instances.insert_or_assign(std::move(id), std::move(record));
  }
  // Services that were empty already go on being remembered for what is left of their time.
  std::map<ServiceKey, WallTime> emptied;
  for (const ServiceRecord& record : restored.services) {
    if (record.emptied_at) emptied.emplace(record.key, std::min(*record.emptied_at, wall_now));
  }
  for (auto& [key, edit] : edits) {
    index_ = std::max(index_, edit.index);
    const auto since = emptied.find(key);
    const WallTime empty_since = since == emptied.end() ? wall_now : since->second;
    const LeaseTime seen_at = edit.instances.empty() ? now - (wall_now - empty_since) : now;
    publish(key, edit, empty_since, seen_at);
  }
  visible_index_.store(index_, std::memory_order_relaxed);
}

}  // namespace rollcall::registry
