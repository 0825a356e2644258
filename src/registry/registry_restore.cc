// The start of the roll: what stable storage held goes back on it.
#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "registry/registry.h"
#include "registry/rules.h"

namespace rollcall::registry {
namespace {

// Those who were on the roll together first, then the edits made since, as they would have come to a running server. A row
// without an index has never been on it.
std::vector<const InstanceRecord*> in_order_of_arrival(std::span<const InstanceRecord> stored) {
  const auto place = [](const InstanceRecord* record) { return std::pair(record->edit, record->index == 0); };
  std::vector<const InstanceRecord*> records;
  records.reserve(stored.size());
  for (const InstanceRecord& record : stored) records.push_back(&record);
  if (!std::ranges::is_sorted(records, {}, place)) std::ranges::stable_sort(records, {}, place);
  return records;
}

// A check that has been critical for some time ends its instance after what was left of it when the server stopped.
Standing restored_standing(const InstanceRecord& record, LeaseTime now) {
  Standing standing = record.standing;
  for (health::CheckResult& result : standing.checks) {
    const bool may_end = result.status == health::CheckStatus::critical && result.ends_after.count() > 0;
    if (!may_end) continue;
    const auto used =
        std::clamp<WallTime::duration>(record.stored_at - result.since, WallTime::duration::zero(), result.ends_after);
    result.ends_at = now + (result.ends_after - used);
  }
  return standing;
}

}  // namespace

std::vector<Refused> Registry::restore(Restored part, LeaseTime now, WallTime wall_now) {
  std::vector<Refused> refused;
  instances_.reserve(instances_.size() + part.instances.size());
  const std::size_t services_at_most = services_.size() + part.services.size();
  services_.reserve(services_at_most);
  audience_.expect(services_at_most);
  const rcu::ReadLock lock;
  journal_.go_on_after(part.index, part.last_event);
  raise_visible_index(part.index);
  if (authority_ != nullptr) followed_ = std::max(followed_, part.index);
  wheel_.advance(millisecond_of(now), [](TimingWheel::Timer&) {});
  const auto service_of = [](const InstanceRecord& record) -> const ServiceKey& {
    return record.registration.key.service;
  };
  const auto key_of_record = [](const InstanceRecord& record) -> const InstanceKey& { return record.registration.key; };
  // A store reads them in order; zones may be numbered in another than their names are in.
  if (!std::ranges::is_sorted(part.services, {}, &ServiceRecord::key)) {
    std::ranges::sort(part.services, {}, &ServiceRecord::key);
  }
  if (!std::ranges::is_sorted(part.instances, {}, key_of_record)) {
    std::ranges::sort(part.instances, {}, key_of_record);
  }
  auto record = part.services.begin();
  std::span<const InstanceRecord> rest = part.instances;
  while (record != part.services.end() || !rest.empty()) {
    const bool has_record = record != part.services.end() && (rest.empty() || record->key <= service_of(rest.front()));
    const ServiceRecord alone =
        has_record ? std::move(*record++) : ServiceRecord{service_of(rest.front()), 0, 0, std::nullopt};
    const auto end = std::ranges::find_if(rest, [&](const auto& each) { return service_of(each) != alone.key; });
    const auto count = static_cast<std::size_t>(end - rest.begin());
    restore_service(alone, rest.first(count), now, wall_now, refused);
    rest = rest.subspan(count);
  }
  forget_empty_services(now);
  return refused;
}

// The rule that keeps a stored instance off the roll, given those that are on it already.
std::optional<Error> Registry::refuse_stored(const Registration& stored) const {
  if (stored.door != Door::native) return std::nullopt;
  std::optional<Error> refusal = refuse_names(stored.key.ref(), stored.tags, zones_);
  if (!refusal) refusal = refuse_labels(stored.key.ref(), stored.tags, labels_);
  return refusal;
}

ChangeIndex index_of_start(ChangeIndex stored, WallTime wall_now) {
  if (stored > 0) return stored + limits::k_restart_index_gap;
  return static_cast<ChangeIndex>(std::max<std::int64_t>(1, wall_now.time_since_epoch().count()));
}

void Registry::restore_service(const ServiceRecord& record, std::span<const InstanceRecord> stored, LeaseTime now,
                               WallTime wall_now, std::vector<Refused>& refused) {
  const auto free =
      std::ranges::find_if(stored, [](const InstanceRecord& each) { return each.registration.door != Door::native; });
  const Door door = free == stored.end() ? Door::native : free->registration.door;
  if (const std::optional<Error> refusal = refuse_service(record.key.ref(), zones_, door)) {
    for (const InstanceRecord& each : stored) refused.push_back({each.registration.key, refusal->message});
    return;
  }
  // A service that may have changed since gets a new index, so that calls that wait with an older one return.
  const bool is_new_index = record.index == 0;
  ChangeIndex index = is_new_index ? take_index(1) : record.index;
  ProtocolSet protocols = record.protocols;
  std::vector<const Instance*> members;
  members.reserve(stored.size());
  for (const InstanceRecord* each : in_order_of_arrival(stored)) {
    if (std::optional<Error> refusal = refuse_stored(each->registration)) {
      refused.push_back({each->registration.key, std::move(refusal->message)});
      continue;
    }
    index = std::max(index, each->index);
    protocols |= to_set(each->registration.protocol);
    auto instance = Instance::make(each->registration, restored_standing(*each, now),
                                   each->index == 0 ? index : each->index, each->registered_at, now);
    if (authority_ != nullptr) instance->lease.count_elsewhere();
    if (expects_handed_roll_ && instance->lease.expires_at() < Lease::never()) {
      instance->lease.begin_as(Lease(now, std::chrono::milliseconds(1)));
    }
    members.push_back(instance.get());
    if (!expects_handed_roll_) set_timer(*instance);
    labels_.add(*instance);
    check(instances_.publish(std::move(instance)) == nullptr, "an instance is stored once");
  }
  check(index > 0, "a service that is restored has an index");
  journal_.go_on_after(index, 0);
  raise_visible_index(index);
  // All that is there was refused, and nothing says that anybody has been there before: nobody knows the service.
  if (members.empty() && !stored.empty() && !record.emptied_at) return;
  if (!std::ranges::is_sorted(members, {}, &Instance::id)) std::ranges::sort(members, {}, &Instance::id);
  instance_count_.fetch_add(members.size(), std::memory_order_relaxed);
  if (is_new_index && authority_ == nullptr) {
    pending_.services.insert_or_assign(
        record.key, ServiceRecord{record.key, index, protocols,
                                  members.empty() ? record.emptied_at.value_or(wall_now) : std::optional<WallTime>()});
  }
  // Services that were empty already go on being remembered for what is left of their time.
  const WallTime empty_since = record.emptied_at ? std::min(*record.emptied_at, wall_now) : wall_now;
  const LeaseTime seen_at = members.empty() ? now - (wall_now - empty_since) : now;
  publish_snapshot(record.key, index, protocols, std::move(members), empty_since, seen_at);
  // The previous process may have answered for this service until now, and caches hold those answers.
  audience_.assume_answered(record.key.ref(), now);
  const Service& service = *services_.find(record.key.ref());
  for (const Instance* instance : service.instances) {
    if (instance->is_draining()) instance->safe.set(audience_.answered_until(record.key.ref(), now));
  }
  tell_of_restored(service, wall_now);
}

// Each instance that is back is an event, unless there are so many that they would push everything else out of the history.
void Registry::tell_of_restored(const Service& service, WallTime wall_now) {
  if (authority_ != nullptr || expects_handed_roll_) return;
  if (counts().instances > limits::k_restored_events_max) {
    pending_.events = {};
    return;
  }
  for (const Instance* instance : service.instances) {
    pending_.events.push_back({.at = wall_now,
                               .key = instance->owned_key(),
                               .kind = kind_of(instance->status),
                               .cause = Cause::restored,
                               .index = instance->index});
  }
}

}  // namespace rollcall::registry
