// Changes that are durable before they are shown here: made elsewhere, or agreed on with others.
#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/rcu.h"
#include "registry/registry.h"
#include "registry/staged_batch.h"

namespace rollcall::registry {

// The same instance again, for its lease alone. False: it is not shown here so.
bool Registry::follow_renewal(const DurableChange& change, LeaseTime now) {
  const Instance* live = instances_.find(change.event.key.ref());
  if (live == nullptr || live->index != change.present->unchanged_since) return false;
  stored_.note(*live, change.event.index);
  if (change.present->renews_lease) live->lease.renew(now, live->ttl());
  return true;
}

std::vector<Refused> Registry::follow(std::span<const DurableChange> changes, const TimeSource& clock,
                                      WallTime wall_now) {
  std::vector<Refused> refused;
  Transaction told;  // its events alone
  std::vector<const DurableChange*> stored_later;
  std::vector<InstanceKey> drained;
  std::optional<Stage> stage;
  const auto begin_stage = [&] { stage.emplace(instances_, services_, labels_, zones_, ended_, stored_); };
  const auto show_stage = [&] {
    show(*stage, clock.now(), wall_now);
    std::ranges::copy(stage->drained(), std::back_inserter(drained));
    for (const DurableChange* change : std::exchange(stored_later, {})) {
      const Instance* live = instances_.find(change->event.key.ref());
      if (live != nullptr && live->index == change->present->unchanged_since) stored_.note(*live, change->event.index);
    }
  };
  begin_stage();
  ChangeIndex last = followed_;
  {
    const rcu::ReadLock lock;
    for (const DurableChange& change : changes) {
      const Event& event = change.event;
      check(event.index > 0 && !is_staged(event.index), "a durable change has its index");
      if (event.index <= followed_) continue;
      check(event.index >= last, "durable changes are told in the order of their indexes");
      last = event.index;
      if (event.id != 0) told.events.push_back(std::make_shared<Event>(event));
      if (event.kind == EventKind::expired) {
        ended_.add(event.key.ref());
        if (authority_ != nullptr) expired_count_.fetch_add(1, std::memory_order_relaxed);
      }
      forget_pending(change);
      const bool is_renewal = change.present && change.present->unchanged_since != 0;
      if (is_renewal && stage->concerns(event.key)) {
        show_stage();
        begin_stage();
      }
      if (is_renewal && follow_renewal(change, clock.now())) continue;
      const Instance* live = instances_.find(event.key.ref());
      if (live != nullptr && stored_.of(*live) >= event.index) continue;
      if (std::optional<Error> refusal = stage->add_durable(change, clock.now())) {
        refused.push_back({event.key, std::move(refusal->message)});
      } else if (is_renewal) {
        stored_later.push_back(&change);
      }
    }
    show_stage();
  }
  followed_ = last;
  // What this node gives out itself comes after it.
  journal_.go_on_after(last, told.events.empty() ? EventId{0} : told.events.back()->id);
  raise_visible_index(last);
  forget_empty_services(clock.now());
  note_safe_times(drained, clock);
  tell_of(told);
  return refused;
}

std::vector<Refused> Registry::follow_again(std::span<const DurableChange> changes, const TimeSource& clock,
                                            WallTime wall_now) {
  const ChangeIndex followed = followed_;
  followed_ = 0;
  std::vector<Refused> refused = follow(changes, clock, wall_now);
  follow_up_to(followed);
  return refused;
}

std::vector<Outcome> Registry::conclude(StagedBatch& batch, const Committed& committed, LeaseTime now) const {
  for (Outcome& outcome : batch.outcomes) {
    if (outcome) outcome->index = committed.index_of(outcome->index);
  }
  const rcu::ReadLock lock;
  for (const std::size_t i : batch.waiting) batch.outcomes[i]->expires_at = end_after(batch.changes[i], now);
  return std::move(batch.outcomes);
}

std::vector<Outcome> Registry::give_up(StagedBatch& batch, const Error& why) const {
  batch.stage.undo_early_ends();
  for (const std::size_t i : batch.waiting) batch.outcomes[i] = std::unexpected(why);
  for (const Outcome& outcome : batch.outcomes) {
    check(!outcome || !is_staged(outcome->index), "what depends on a record that failed has failed");
  }
  return std::move(batch.outcomes);
}

}  // namespace rollcall::registry
