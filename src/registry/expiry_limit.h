// Protection against a silence of many at once: when most of the roll has stopped to call in, it is rather the network
// between us and them that has failed, and so many leases a second may end, and no more.
//
// Shape    each lease is looked at shortly before its end. Up to the limit it ends when it should. Beyond it, and while
//          more than the share of all instances is silent, it is put off a little, again and again, until its turn
//          comes. An instance is silent when more than half of its lease has passed without a heartbeat.
// Rule     switched on by an operator, this is the one exception to "no answer outlives a lease": whoever is put off
//          goes on being answered. Any heartbeat ends it for its instance.
// Owner    the Registry.
// Threads  the writer's; `is_holding` and `put_off` any.
// Limits   off, it costs nothing. Beyond the limit, the roll is read once a second (k_expiry_look_every) to count.
// Source   issue "flap damping and protection"; docs/settings.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/rcu.h"
#include "registry/instance.h"
#include "registry/lease.h"

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

  // Of instances whose leases are about to end, in any order: puts off those that may not end yet. Under a ReadLock.
  void decide(std::vector<const Instance*>& due, const rcu::Table<Instance>& roll, LeaseTime now);

  // Whether leases are put off now; and how often one was, since the start.
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
