// What ends by itself, beside the leases that end on time: leases that are looked at before, and services without
// instances.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "registry/instance/instance_image.h"
#include "registry/instance/standing.h"
#include "registry/registry.h"

namespace rollcall::registry {

// An instance whose end is not postponed ends at its deadline, unless a heartbeat comes before.
void Registry::limit(std::vector<const Instance*>& due, LeaseTime now) {
  expiry_limit_.decide(due, instances_, now);
  for (const Instance* instance : due) {
    const bool is_put_off = instance->lease.expires_at() - now > expiry_limit_.lead_of(instance->ttl());
    set_timer(*instance, is_put_off ? Look::before_the_end : Look::at_the_end);
  }
}

// As with leases that end: out of the answers at once, and what is to be stored is pending.
void Registry::turn_critical(const ServiceKey& key, std::span<const Instance* const> overdue, WallTime wall_now,
                             LeaseTime now) {
  const Service* service = services_.find(key.ref());
  check(service != nullptr, "an instance's service is on the roll");
  const ChangeIndex index = journal_.take_index();
  check(index > service->index, "a service's index only grows");
  std::vector<const Instance*> members = service->instances;
  std::vector<std::unique_ptr<const Instance>> retired;
  for (const Instance* instance : overdue) {
    const auto at = std::ranges::lower_bound(members, instance->id(), {}, &Instance::id);
    check(at != members.end() && *at == instance, "an instance is in the snapshot of its service");
    retired.push_back(make_critical(*at, index, wall_now, now));
  }
  pending_.services.insert_or_assign(key, ServiceRecord{key, index, service->protocols, std::nullopt});
  publish_snapshot(key, index, service->protocols, std::move(members), wall_now, now);
  raise_visible_index(index);
  for (std::unique_ptr<const Instance>& instance : retired) rcu::Entry::retire(std::move(instance));
}

std::unique_ptr<const Instance> Registry::make_critical(const Instance*& place, ChangeIndex index, WallTime wall_now,
                                                        LeaseTime now) {
  const Instance& overdue = *place;
  InstanceRecord record{.registration = overdue.registration(),
                        .standing = overdue.standing(),
                        .index = index,
                        .registered_at = overdue.registered_at,
                        .checked_since = overdue.checked_since(),
                        .replaces = overdue.index};
  Standing& standing = record.standing;
  const Status before = standing.status();
  const std::string detail = lapse(standing, record.registration, now, wall_now);
  if (standing.status() != before) {
    standing.since = wall_now;
    pending_.events.push_back({.at = wall_now,
                               .key = record.registration.key,
                               .kind = kind_of(standing.status()),
                               .cause = Cause::check_failed,
                               .detail = detail,
                               .index = index,
                               .before = write_image(overdue)});
  }
  auto made = Instance::make(record.registration, standing, index, record.registered_at, now, record.checked_since);
  place = made.get();
  check(place->is_overdue(), "a lease that is over has turned its check critical");
  place->safe = overdue.safe;
  labels_.remove(overdue);
  labels_.add(*place);
  std::unique_ptr<const Instance> replaced = instances_.publish(std::move(made));
  check(replaced.get() == &overdue, "the table and the snapshot agree on who is on the roll");
  overdue.is_replaced.store(true, std::memory_order_seq_cst);
  set_timer(*place);
  pending_.changed.insert_or_assign(record.registration.key, std::move(record));
  return replaced;
}

void Registry::forget_at(const ServiceKey& key, std::optional<LeaseTime> time) {
  if (const auto earlier = empty_.extract(key)) to_forget_.erase({earlier.mapped(), key});
  if (!time) return;
  empty_.emplace(key, *time);
  to_forget_.emplace(*time, key);
}

// Services that have been empty for too long, and the longest empty ones beyond k_empty_services_max. The removal of
// their rows is pending.
void Registry::forget_empty_services(LeaseTime now) {
  const auto is_to_go = [&] {
    return to_forget_.begin()->first <= now || empty_.size() > limits::k_empty_services_max;
  };
  while (!to_forget_.empty() && is_to_go()) {
    const ServiceKey key = to_forget_.begin()->second;
    forget_at(key, std::nullopt);
    const Service* service = services_.find(key.ref());
    check(service != nullptr, "a service that is forgotten is known");
    withdraw_empty(*service);
    pending_.services.erase(key);
    pending_.forgotten.push_back(key);
  }
}

void Registry::withdraw_empty(const Service& service) {
  check(service.instances.empty(), "a service that is forgotten is empty");
  const ServiceKey key = service.service;
  std::unique_ptr<const Service> gone = services_.remove(service);
  audience_.withdraw(key.ref());
  rcu::Entry::retire(std::move(gone));
  service_count_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace rollcall::registry
