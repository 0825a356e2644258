#include "registry/expiry_limit.h"

#include <algorithm>

#include "base/counted.h"
#include "base/limits.h"
#include "base/log.h"

namespace rollcall::registry {
namespace {

using namespace std::chrono_literals;

// Shorter than half a lease: an instance whose end is postponed still counts as silent.
std::chrono::milliseconds hold_of(std::chrono::milliseconds ttl) {
  return std::min(limits::k_expiry_put_off, ttl / 2 - 1ms);
}

bool is_silent(const Instance& instance, LeaseTime now) {
  return instance.lease.expires_at() - now < instance.ttl() / 2;
}

}  // namespace

LeaseTime::duration ExpiryLimit::lead_of(std::chrono::milliseconds ttl) const noexcept {
  if (rule_.per_second == 0) return LeaseTime::duration::zero();
  return std::min(limits::k_expiry_lead, ttl / 4);
}

void ExpiryLimit::decide(std::vector<const Instance*>& due, const rcu::Table<Instance>& roll, LeaseTime now) {
  if (due.empty()) return;
  std::ranges::sort(due, {}, [](const Instance* instance) { return instance->lease.expires_at(); });
  for (const Instance* instance : due) {
    if (may_end(instance->lease.expires_at())) continue;
    if (!is_mass_silence(roll, now)) continue;
    if (!instance->lease.renew(now, hold_of(instance->ttl()))) continue;
    instance->is_put_off.store(true, std::memory_order_relaxed);
    put_off_.fetch_add(1, std::memory_order_relaxed);
  }
}

// Whether fewer than the limit end in the second before this deadline; then it is one of them.
bool ExpiryLimit::may_end(LeaseTime deadline) {
  const bool is_over = ended_.size() >= rule_.per_second && deadline - ended_.front() < 1s;
  if (is_over) return false;
  if (ended_.size() >= rule_.per_second) ended_.pop_front();
  ended_.push_back(deadline);
  return true;
}

bool ExpiryLimit::is_mass_silence(const rcu::Table<Instance>& roll, LeaseTime now) {
  if (looked_at_ && now - *looked_at_ < limits::k_expiry_look_every) return is_holding();
  looked_at_ = now;
  std::uint64_t all = 0;
  std::uint64_t silent = 0;
  roll.for_each([&](const Instance& instance) {
    ++all;
    if (is_silent(instance, now)) ++silent;
  });
  const bool is_mass = static_cast<double>(silent) > rule_.silent_share * static_cast<double>(all);
  if (is_mass != is_holding_.exchange(is_mass, std::memory_order_relaxed)) {
    if (is_mass) {
      log::warn("{} of {} silent: at most {} ended per second", silent, counted(all, "instance"),
                counted(rule_.per_second, "lease"));
    } else {
      log::info("{} of {} silent: leases end when they should again", silent, counted(all, "instance"));
    }
  }
  return is_mass;
}

}  // namespace rollcall::registry
