// The followed roll: its copy in SQLite, what is put again after a loss of history, and what the first member does for all.
#include <algorithm>

#include "base/log.h"
#include "base/rcu.h"
#include "cluster/node/followed_roll.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {

void FollowedRoll::store_soon() {
  if (applied_ == 0 || (stored_ == applied_ && counters_.not_stored == 0)) return;
  if (is_storing_.exchange(true)) return;
  parts_.run_soon([this] {
    is_storing_ = false;
    const bool may_wait = unstored_.size() <= k_unstored_max &&
                          parts_.clock.now() - stored_at_ < registry::LeaseTime::duration(k_copy_late_max);
    if (may_wait && counters_.waiting.load(std::memory_order_relaxed) > 0) return;
    store_now();
  });
}

void FollowedRoll::store_now() {
  const Revision applied = applied_;
  stored_at_ = parts_.clock.now();
  if (history_.empty() || (stored_ == applied && unstored_.empty())) return;
  registry::ReplicaPlace place{
      .cluster = parts_.cluster, .incarnation = history_, .applied_revision = applied, .lane = {}, .lane_id = {}};
  if (lane_) {
    place.lane = lane_->key;
    place.lane_id = lane_->id;
  }
  const Result<void> stored = parts_.replica.store(unstored_, place);
  if (stored) {
    if (std::exchange(was_behind_replica_, false)) log::info("the copy of the roll in SQLite is complete again");
    unstored_.clear();
    compact_above_ = k_unstored_max;
    stored_ = applied;
    counters_.not_stored.store(0, std::memory_order_relaxed);
    return;
  }
  counters_.failed_stores.fetch_add(1, std::memory_order_relaxed);
  if (!std::exchange(was_behind_replica_, true)) {
    log::error("the copy of the roll in SQLite is behind, the roll itself is not: {}", stored.error().message);
  }
  if (unstored_.size() <= compact_above_) return;
  std::set<registry::InstanceKey> later;
  std::vector<registry::DurableChange> kept;
  for (auto change = unstored_.rbegin(); change != unstored_.rend(); ++change) {
    if (later.insert(change->event.key).second) kept.push_back(std::move(*change));
  }
  std::ranges::reverse(kept);
  unstored_ = std::move(kept);
  compact_above_ = std::max(k_unstored_max, 2 * unstored_.size());  // else every try would go through all of them
}

// Guarded by their absence: whom somebody else has put back is left alone.
void FollowedRoll::put_lost_again() {
  if (lost_.empty() || !parts_.member.accepts_changes()) return;
  for (registry::Registration& registration : std::exchange(lost_, {})) {
    const bool is_taken =
        parts_.agreed.submit(registry::Register{std::move(registration)}, [](const registry::Outcome&) {});
    if (!is_taken) log::warn("an instance that was lost is not registered again: too many changes wait");
  }
  has_lost_ = false;
  parts_.agreed.propose_waiting(registry::wall_now());
}

// ---------------------------------------------------------------- housekeeping

Transaction FollowedRoll::housekeeping(const Keys& keys, std::chrono::milliseconds forget_after) {
  constexpr std::size_t k_most = 60;
  Transaction transaction;
  const registry::WallTime now = registry::wall_now();
  for (const registry::ZoneId zone : uncounted_) {
    const std::string name = parts_.zones.name_of(zone);
    transaction.puts.push_back({keys.serial(name), parts_.bases.value_of(name)});
    if (transaction.puts.size() >= k_most / 2) break;
  }
  const rcu::ReadLock lock;
  for (auto at = unsettled_.begin(); at != unsettled_.end() && transaction.compares.size() < k_most;) {
    const registry::Service* service = parts_.registry.find_service(at->ref());
    const auto stored = services_.find(*at);
    StoredService wanted;
    if (service != nullptr) {
      wanted.protocols = service->protocols;
      if (service->instances.empty()) wanted.emptied_at = service->emptied_at.value_or(now);
    }
    const bool is_settled =
        service == nullptr || (stored != services_.end() && stored->second.stored.protocols == wanted.protocols &&
                               stored->second.stored.emptied_at.has_value() == wanted.emptied_at.has_value());
    if (is_settled) {
      at = unsettled_.erase(at);
      continue;
    }
    std::string key = keys.service(parts_.zones.name_of(at->zone), at->name);
    transaction.compares.push_back(
        {key, Compare::Target::mod_revision, stored == services_.end() ? 0 : stored->second.changed});
    transaction.puts.push_back({std::move(key), write_service(wanted)});
    ++at;
  }
  for (const registry::ServiceKey& key : empty_) {
    if (transaction.compares.size() >= k_most) break;
    const Service& service = services_.at(key);
    const registry::Service* shown = parts_.registry.find_service(key.ref());
    if (unsettled_.contains(key) || (shown != nullptr && !shown->instances.empty())) continue;
    if (now - *service.stored.emptied_at < forget_after) continue;
    std::string name = keys.service(parts_.zones.name_of(key.zone), key.name);
    transaction.compares.push_back({name, Compare::Target::mod_revision, service.changed});
    transaction.deletes.push_back(std::move(name));
  }
  return transaction;
}

}  // namespace rollcall::cluster
