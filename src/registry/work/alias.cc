#include "registry/work/alias.h"

namespace rollcall::registry {

health::RunResult look_at_alias(const Registry& registry, ZoneId zone, const health::Check& check, LeaseTime now) {
  const rcu::ReadLock lock;
  const Instance* found = nullptr;
  registry.for_each_service([&](const Service& service) {
    if (found != nullptr || service.service.zone != zone) return;
    found = registry.find_instance({service.service.ref(), check.target});
  });
  if (found == nullptr || !found->is_there(now)) {
    return {health::RunEnd::failed, "the service of the alias is not registered"};
  }
  const bool is_over =
      found->lease_kind() == LeaseKind::turns_critical && !found->is_overdue() && !found->lease.is_alive(now);
  if (found->status != Status::ready || is_over)
    return {health::RunEnd::failed, "the service of the alias is critical"};
  if (health::worst_of(found->checks()) == health::CheckStatus::warning) {
    return {health::RunEnd::warned, "the service of the alias has a warning"};
  }
  return {health::RunEnd::passed, "the service of the alias is well"};
}

}  // namespace rollcall::registry
