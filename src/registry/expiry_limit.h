// Limits how many leases end per second while most heartbeats of the roll are missing: then the network between the
// instances and this server is the likely cause, not the instances.
//
// Shape    each lease is examined shortly before its end. Within the limit it ends at its deadline. Beyond the limit, and
//          while more than the share of all instances is silent, its end is postponed in short steps until the limit
//          allows it. An instance is silent when more than half of its lease has passed without a heartbeat.
// Rule     an operator switches it on. It is the one exception to "no answer outlives a lease": an instance whose end is
//          postponed is still answered. A heartbeat ends the postponement.
// Owner    the Registry.
// Threads  the writer's; `is_holding` and `put_off` any.
// Cost     none when it is off. Beyond the limit, the roll is read once a second (k_expiry_look_every) to count.
// Source   docs/settings.md, `[lease] expire_per_second`.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/rcu.h"
#include "registry/instance/instance.h"
#include "registry/instance/lease.h"

namespace rollcall::registry {

// Settings `[lease] expire_per_second`, `mass_silence_share`.
struct ExpiryRule {
  std::uint32_t per_second = 0;  // 0: no limit
  double silent_share = 0.5;     // more than this share of all instances
  friend bool operator==(const ExpiryRule&, const ExpiryRule&) = default;
};

class ExpiryLimit {
 public:
  void set(const ExpiryRule& rule) { rule_ = rule; }

  // How long before its end a lease of this length is to be looked at. Zero: at its end.
  [[nodiscard]] LeaseTime::duration lead_of(std::chrono::milliseconds ttl) const noexcept;

  // Of instances whose leases are about to end, in any order: postpones the end of those beyond the limit. Under a ReadLock.
  void decide(std::vector<const Instance*>& due, const rcu::Table<Instance>& roll, LeaseTime now);

  // Whether ends are postponed now; and how often one was, since the start.
  [[nodiscard]] bool is_holding() const noexcept { return is_holding_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t put_off() const noexcept { return put_off_.load(std::memory_order_relaxed); }

 private:
  bool may_end(LeaseTime deadline);
  bool is_mass_silence(const rcu::Table<Instance>& roll, LeaseTime now);

  ExpiryRule rule_;
  std::deque<LeaseTime> ended_;  // the deadlines that were let pass, the last `per_second` of them
  std::optional<LeaseTime> looked_at_;
  std::atomic<bool> is_holding_{false};
  std::atomic<std::uint64_t> put_off_{0};
};

}  // namespace rollcall::registry
