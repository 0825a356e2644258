// The roll goes on from another process, which has changed it while it was restored here.
#include <algorithm>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/rcu.h"
#include "registry/registry.h"

namespace rollcall::registry {
namespace {

using Handed = std::map<ServiceRef, const HandedService*>;

Handed by_key(const HandedRoll& roll) {
  Handed services;
  for (const HandedService& service : roll.services) services.emplace(service.key.ref(), &service);
  return services;
}

const HandedInstance* find_in(const HandedService& service, std::string_view id) {
  const auto at = std::ranges::lower_bound(service.instances, id, {}, &HandedInstance::id);
  return at != service.instances.end() && at->id == id ? &*at : nullptr;
}

DurableChange removal_of(const Instance& instance, ChangeIndex index, WallTime at) {
  return {.event = {.at = at,
                    .key = instance.owned_key(),
                    .kind = EventKind::deregistered,
                    .cause = Cause::changed,
                    .index = index},
          .present = std::nullopt};
}

DurableChange put_of(const InstanceRecord& record, ChangeIndex index, WallTime at) {
  return {.event = {.at = at,
                    .key = record.registration.key,
                    .kind = EventKind::registered,
                    .cause = Cause::changed,
                    .index = index},
          .present = DurableChange::Present{.registration = record.registration,
                                            .standing = record.standing,
                                            .registered_at = record.registered_at,
                                            .lease_holder = LeaseHolder::this_node,
                                            .renews_lease = false}};
}

}  // namespace

HandedRoll Registry::hand_over(LeaseTime now, EventId last_event) const {
  HandedRoll roll{.index = counts().index, .last_event = last_event};
  const rcu::ReadLock lock;
  services_.for_each([&](const Service& service) {
    HandedService& handed = roll.services.emplace_back(
        HandedService{service.service, service.index, service.protocols, service.emptied_at});
    handed.instances.reserve(service.instances.size());
    for (const Instance* instance : service.instances) {
      const LeaseTime end = instance->lease.expires_at();
      const auto left = end == Lease::never()
                            ? std::optional<std::chrono::nanoseconds>()
                            : std::max<std::chrono::nanoseconds>(end - now, std::chrono::nanoseconds::zero());
      handed.instances.push_back({std::string(instance->id()), instance->index, left});
    }
  });
  return roll;
}

std::vector<InstanceKey> Registry::find_newer(const HandedRoll& handed) const {
  std::vector<InstanceKey> newer;
  const rcu::ReadLock lock;
  for (const HandedService& service : handed.services) {
    const Service* known = services_.find(service.key.ref());
    const std::span<const Instance* const> members =
        known == nullptr ? std::span<const Instance* const>() : std::span(known->instances);
    auto at = members.begin();  // both are sorted by id
    for (const HandedInstance& instance : service.instances) {
      while (at != members.end() && (*at)->id() < instance.id) ++at;
      const bool is_same = at != members.end() && (*at)->id() == instance.id && (*at)->index == instance.index;
      if (!is_same) newer.push_back({service.key, instance.id});
    }
  }
  return newer;
}

void Registry::take_over(const HandedRoll& handed, std::span<const InstanceRecord> newer, const TimeSource& clock,
                         WallTime wall_now) {
  const Handed services = by_key(handed);
  std::vector<DurableChange> changes;
  std::vector<ServiceKey> forgotten;
  {
    const rcu::ReadLock lock;
    services_.for_each([&](const Service& service) {
      const auto at = services.find(service.service.ref());
      if (at == services.end()) forgotten.push_back(service.service);
      for (const Instance* instance : service.instances) {
        if (at != services.end() && find_in(*at->second, instance->id()) != nullptr) continue;
        changes.push_back(removal_of(*instance, at == services.end() ? handed.index : at->second->index, wall_now));
      }
    });
  }
  const auto index_of = [](const DurableChange& change) { return change.event.index; };
  std::ranges::stable_sort(changes, {}, index_of);
  // The names of those who have left are free before others come.
  static_cast<void>(follow_again(changes, clock, wall_now));
  changes.clear();
  for (const InstanceRecord& record : newer) {
    const auto at = services.find(record.registration.key.service.ref());
    const HandedInstance* const known =
        at == services.end() ? nullptr : find_in(*at->second, record.registration.key.id);
    if (known != nullptr) changes.push_back(put_of(record, known->index, wall_now));
  }
  std::ranges::stable_sort(changes, {}, index_of);
  followed_ = 0;
  static_cast<void>(follow(changes, clock, wall_now));
  followed_ = 0;
  const rcu::ReadLock lock;
  for (const ServiceKey& key : forgotten) {
    const Service* const service = services_.find(key.ref());
    if (service != nullptr && service->instances.empty()) withdraw_empty(*service);
  }
  for (const HandedService& service : handed.services) take_over_service(service, clock.now(), wall_now);
  journal_.go_on_after(handed.index, handed.last_event);
  raise_visible_index(handed.index);
}

// A service that has come and gone meanwhile is known, under its last index; and leases end when they would have ended.
void Registry::take_over_service(const HandedService& handed, LeaseTime now, WallTime wall_now) {
  const Service* service = services_.find(handed.key.ref());
  if (service == nullptr ? handed.emptied_at.has_value()
                         : service->index < handed.index || service->protocols != handed.protocols) {
    const auto protocols = static_cast<ProtocolSet>(handed.protocols | (service == nullptr ? 0 : service->protocols));
    std::vector<const Instance*> members = service == nullptr ? std::vector<const Instance*>() : service->instances;
    const WallTime empty_since = std::min(handed.emptied_at.value_or(wall_now), wall_now);
    const LeaseTime seen_at = members.empty() ? now - (wall_now - empty_since) : now;
    publish_snapshot(handed.key, handed.index, protocols, std::move(members), empty_since, seen_at);
    service = services_.find(handed.key.ref());
  }
  if (service == nullptr) return;
  for (const Instance* instance : service->instances) {
    const HandedInstance* const known = find_in(handed, instance->id());
    if (known != nullptr && known->left) {
      instance->lease.take_over(Lease(now + *known->left, std::chrono::milliseconds::zero()));
    }
    set_timer(*instance);
  }
}

}  // namespace rollcall::registry
