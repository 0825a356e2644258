// What ends by itself, beside the leases that end on time: leases that are looked at before, and services without
// instances.
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
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
    check(service != nullptr && service->instances.empty(), "a service that is forgotten is known, and empty");
    std::unique_ptr<const Service> gone = services_.remove(*service);
    audience_.withdraw(key.ref());
    rcu::Entry::retire(std::move(gone));
    service_count_.fetch_sub(1, std::memory_order_relaxed);
    pending_.services.erase(key);
    pending_.forgotten.push_back(key);
  }
}

}  // namespace rollcall::registry
