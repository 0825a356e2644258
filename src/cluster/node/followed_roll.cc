#include "cluster/node/followed_roll.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <unordered_map>

#include "base/counted.h"
#include "base/log.h"
#include "base/rcu.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {
namespace {

// Applied before the writer does other work; more where more than that waits: each portion publishes its services anew, which is
// most of its cost where they are large.
constexpr std::size_t k_portion_changes = 2'000;
constexpr std::size_t k_large_portion_changes = 10'000;
// What may wait, each revision to be shown alone; when there is more they are shown together. Few large ones cost as much as
// many small ones: each of them publishes the services it changes.
constexpr std::size_t k_shown_alone_max = 16;
constexpr std::size_t k_shown_alone_changes_max = 256;
constexpr std::uint32_t k_difference_places = 1U << (registry::k_event_place_bits - 1);

// Whether it is here as it was read.
bool is_shown(const registry::Instance& live, const FollowedSnapshot::Present& present) {
  const registry::ChangeIndex since = present.value.unchanged_since;
  if (since == 0) return live.index == present.index;
  const registry::Standing& standing = present.value.standing;
  return live.index == since && live.is_as(present.value.registration) && live.is_draining() == standing.is_draining &&
         live.status == standing.status();
}

registry::EventId difference_id(registry::ChangeIndex now, std::uint32_t& place) {
  place = std::min(place + 1, (1U << registry::k_event_place_bits) - 1);
  return registry::event_id(now, place);
}

}  // namespace

FollowedRoll::FollowedRoll(Parts parts)
    : parts_(std::move(parts)), stored_at_(parts_.clock.now()), counts_(parts_.zone_count) {
  if (const auto place = parts_.replica.place(); place && *place) {
    has_place_ = true;
    stored_ = (*place)->applied_revision;
  }
}

void FollowedRoll::found(const StoredFormat& format) {
  base_.store(format.base, std::memory_order_release);
  parts_.lanes.begin(format.base);
  parts_.member.found(format, parts_.registry);
}

void FollowedRoll::lost_history() { parts_.member.lose_history(); }

// What waits before it is older.
void FollowedRoll::took(FollowedSnapshot&& snapshot) {
  parts_.member.brought(snapshot.revision);
  counters_.snapshots.fetch_add(1, std::memory_order_relaxed);
  std::deque<Item> before;
  {
    const std::lock_guard lock(mutex_);
    before.swap(inbox_);
    waiting_changes_ = 0;
    counters_.waiting.store(0, std::memory_order_relaxed);
  }
  add(std::move(snapshot));
}

bool FollowedRoll::took(FollowedRevision&& revision) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_changes_ > k_waiting_changes_max) return false;
    waiting_changes_ += weight_of(revision);
  }
  parts_.member.brought(revision.revision);
  counters_.revisions.fetch_add(1, std::memory_order_relaxed);
  add(std::move(revision));
  return true;
}

void FollowedRoll::add(Item item) {
  {
    const std::lock_guard lock(mutex_);
    counters_.waiting.fetch_add(1, std::memory_order_relaxed);
    inbox_.push_back(std::move(item));
    if (std::exchange(is_posted_, true)) return;
  }
  post();
}

void FollowedRoll::post() {
  parts_.run_soon([this] { work(); });
}

// One portion, then the writer's other work, then the next.
void FollowedRoll::work() {
  std::size_t done = 0;
  std::size_t portion = k_portion_changes;
  bool is_all = false;
  while (done < portion) {
    if (rest_) {
      done += apply_portion();
      continue;
    }
    std::optional<FollowedSnapshot> snapshot;
    std::vector<FollowedRevision> revisions;
    {
      const std::lock_guard lock(mutex_);
      if (inbox_.empty()) {
        is_posted_ = false;
        is_all = true;
        break;
      }
      if (waiting_changes_ > k_portion_changes) portion = k_large_portion_changes;
      const bool is_behind = inbox_.size() > k_shown_alone_max || waiting_changes_ > k_shown_alone_changes_max;
      while (!inbox_.empty() && !snapshot && done < portion) {
        auto* const revision = std::get_if<FollowedRevision>(&inbox_.front());
        if (revision == nullptr && !revisions.empty()) break;
        if (revision == nullptr) {
          snapshot = std::get<FollowedSnapshot>(std::move(inbox_.front()));
        } else {
          done += weight_of(*revision);
          waiting_changes_ -= weight_of(*revision);
          revisions.push_back(std::move(*revision));
        }
        inbox_.pop_front();
        counters_.waiting.fetch_sub(1, std::memory_order_relaxed);
        if (!is_behind) break;
      }
    }
    if (snapshot) {
      begin(std::move(*snapshot));
    } else {
      apply(std::move(revisions));
    }
  }
  // Half a snapshot does not show everything up to the indexes of that half.
  if (!rest_) parts_.agreed.go_on(registry::wall_now());
  if (!is_all) post();
}

// When many wait they are shown together: a service of many instances is published once, not once a revision. Else a mass of
// changes would make this node fall behind etcd, and lose its place as a member for that.
void FollowedRoll::apply(std::vector<FollowedRevision>&& revisions) {
  std::vector<registry::DurableChange> changes = std::move(revisions.front().changes);
  for (FollowedRevision& revision : std::span(revisions).subspan(1)) {
    std::ranges::move(revision.changes, std::back_inserter(changes));
  }
  explain(changes);
  show(std::move(changes));
  for (FollowedRevision& revision : revisions) {
    // A serial moves when what it stands for is published, not before.
    for (const ZoneCount& count : revision.counts) set_count(count);
    parts_.registry.follow_up_to(revision.index);
    for (const ServiceSeen& service : revision.services) note_service(service);
    for (const registry::ZoneId zone : revision.uncounted) uncounted_.insert(zone);
    for (NodeValueSeen& node : revision.nodes) parts_.member.see_node(node.name, std::move(node.value));
    parts_.member.apply(revision.liveness);
    if (revision.lane) lane_ = std::move(revision.lane);
    applied_.store(revision.revision, std::memory_order_release);
    index_.store(revision.index, std::memory_order_release);
  }
}

// A removal that no lane tells of: when etcd is out of space, ends only delete. If its lease is over here, that is why.
void FollowedRoll::explain(std::vector<registry::DurableChange>& changes) const {
  const registry::LeaseTime now = parts_.clock.now();
  const rcu::ReadLock lock;
  for (registry::DurableChange& change : changes) {
    registry::Event& event = change.event;
    const bool is_untold =
        !change.present && event.kind == registry::EventKind::deregistered && event.by == k_unknown_author;
    if (!is_untold) continue;
    const registry::Instance* instance = parts_.registry.find_instance(event.key.ref());
    if (instance == nullptr || instance->lease.expires_at() > now) continue;
    event.kind = registry::EventKind::expired;
    event.cause = registry::Cause::lease_ended;
    event.by.clear();
  }
}

void FollowedRoll::show(std::vector<registry::DurableChange>&& changes) {
  if (changes.empty()) return;
  const std::vector<registry::Refused> refused = parts_.agreed.follow(changes, registry::wall_now());
  keep_shown(std::move(changes), refused);
}

// A row that the copy in SQLite has lost is told by no change: its index was followed long ago.
void FollowedRoll::show_lost(std::vector<registry::DurableChange>&& changes) {
  if (changes.empty()) return;
  const std::size_t count = changes.size();
  const std::vector<registry::Refused> refused =
      parts_.registry.follow_again(changes, parts_.clock, registry::wall_now());
  keep_shown(std::move(changes), refused);
  if (refused.size() == count) return;  // rules keep them off the roll here, not a fault of the copy
  log::warn("missing from the copy of the roll in SQLite, and read from etcd again: {}",
            counted(count - refused.size(), "instance"));
}

void FollowedRoll::keep_shown(std::vector<registry::DurableChange>&& changes,
                              const std::vector<registry::Refused>& refused) {
  for (const registry::Refused& each : refused) {
    counters_.refused.fetch_add(1, std::memory_order_relaxed);
    log::warn("not on the roll of this node: instance {} of service {}: {}", each.key.id, each.key.service.name,
              each.sentence);
  }
  for (registry::DurableChange& change : changes) {
    unsettled_.insert(change.event.key.service);
    if (parts_.shown) parts_.shown(change.event.key.service);
    unstored_.push_back(std::move(change));
  }
  counters_.not_stored.store(unstored_.size(), std::memory_order_relaxed);
}

// The difference between the roll here and what was read, as changes with their indexes. What has happened in between is not
// known, only what has come of it. These events have places that no event of a followed revision has, so that an event's
// number means the same at every node.
void FollowedRoll::begin(FollowedSnapshot&& snapshot) {
  rest_.emplace();
  rest_->snapshot = std::move(snapshot);
  rest_->place = k_difference_places;
  if (!has_place_) history_ = rest_->snapshot.history;
  add_removals();
  const std::size_t removals = rest_->changes.size();
  const registry::ChangeIndex now = rest_->snapshot.index;
  const rcu::ReadLock lock;
  for (FollowedSnapshot::Present& present : rest_->snapshot.instances) {
    const registry::ChangeIndex index = present.index;
    const registry::Instance* live = parts_.registry.find_instance(present.key.ref());
    if (live != nullptr && is_shown(*live, present)) {
      parts_.registry.note_stored(*live, index);
      continue;
    }
    // What was put by hand may say that it is unchanged, and be another.
    if (live != nullptr && live->index == present.value.unchanged_since) present.value.unchanged_since = 0;
    // That a row is mended is no event: to everybody else the instance was there all the time.
    const bool is_lost = live == nullptr && index <= parts_.registry.followed();
    if (!is_lost) rest_->zones.insert(present.key.service.zone);
    (is_lost ? rest_->lost : rest_->changes)
        .push_back({.event = {.id = has_place_ && !is_lost ? difference_id(now, rest_->place) : registry::EventId{0},
                              .at = registry::wall_now(),
                              .key = std::move(present.key),
                              .kind = live == nullptr ? registry::EventKind::registered : registry::EventKind::updated,
                              .cause = live == nullptr ? registry::Cause::registered : registry::Cause::changed,
                              .by = std::move(present.by),
                              .index = index},
                    .present = std::move(present.value)});
  }
  rest_->snapshot.instances.clear();
  // In the order of their indexes: a row that was edited here may have to be put with an older one.
  const auto puts = rest_->changes.begin() + static_cast<std::ptrdiff_t>(removals);
  if (removals == 0) return;
  const auto older = std::ranges::find_if(
      puts, rest_->changes.end(),
      [first = rest_->changes.front().event.index](const auto& put) { return put.event.index >= first; });
  std::rotate(rest_->changes.begin(), puts, older);
}

// What has left comes first, with the lowest index that is not followed yet: it frees its names, and whatever index is visible
// between two portions, it is gone.
void FollowedRoll::add_removals() {
  std::unordered_map<std::size_t, std::vector<const registry::InstanceKey*>> there;
  for (const FollowedSnapshot::Present& present : rest_->snapshot.instances) {
    there[registry::hash_of(present.key.ref())].push_back(&present.key);
  }
  const registry::ChangeIndex now = rest_->snapshot.index;
  const registry::ChangeIndex index = std::min(parts_.registry.followed() + 1, now);
  const registry::LeaseTime lease_now = parts_.clock.now();
  const rcu::ReadLock lock;
  parts_.registry.for_each_service([&](const registry::Service& service) {
    for (const registry::Instance* instance : service.instances) {
      registry::InstanceKey key = instance->owned_key();
      const auto at = there.find(registry::hash_of(key.ref()));
      if (at != there.end() && std::ranges::any_of(at->second, [&](const auto* each) { return *each == key; }))
        continue;
      const bool is_over = instance->lease.expires_at() <= lease_now;
      if (rest_->snapshot.is_other_history && !is_over) lost_.push_back(instance->registration());
      rest_->zones.insert(key.service.zone);
      rest_->changes.push_back(
          {.event = {.id = has_place_ ? difference_id(now, rest_->place) : registry::EventId{0},
                     .at = registry::wall_now(),
                     .key = std::move(key),
                     .kind = is_over ? registry::EventKind::expired : registry::EventKind::deregistered,
                     .cause = is_over ? registry::Cause::lease_ended : registry::Cause::deregistered,
                     .index = index},
           .present = std::nullopt});
    }
  });
}

std::size_t FollowedRoll::apply_portion() {
  std::size_t to = std::min(rest_->changes.size(), rest_->next + k_portion_changes);
  // All changes of one index come together.
  while (to < rest_->changes.size() && rest_->changes[to].event.index == rest_->changes[to - 1].event.index) ++to;
  const auto from = rest_->changes.begin() + static_cast<std::ptrdiff_t>(rest_->next);
  const auto end = rest_->changes.begin() + static_cast<std::ptrdiff_t>(to);
  const std::size_t count = to - rest_->next;
  show({std::make_move_iterator(from), std::make_move_iterator(end)});
  rest_->next = to;
  if (to == rest_->changes.size()) finish_snapshot();
  return count + 1;
}

void FollowedRoll::finish_snapshot() {
  show_lost(std::move(rest_->lost));
  FollowedSnapshot snapshot = std::move(rest_->snapshot);
  std::vector<registry::ZoneId> changed_uncounted;
  // A zone that has changed while nobody was watching, without being counted.
  for (const registry::ZoneId zone : rest_->zones) {
    const auto at = std::ranges::find(snapshot.counts, zone, &ZoneCount::zone);
    const std::optional<std::uint32_t> before = applied() > 0 ? count_of(zone) : std::nullopt;
    if (before && *before == (at == snapshot.counts.end() ? 0 : at->count)) changed_uncounted.push_back(zone);
  }
  rest_.reset();
  parts_.registry.follow_up_to(snapshot.index);
  for (const ZoneCount& count : snapshot.counts) set_count(count);
  uncounted_.insert(changed_uncounted.begin(), changed_uncounted.end());
  services_.clear();
  empty_.clear();
  for (const ServiceSeen& service : snapshot.services) note_service(service);
  const auto own = std::ranges::find(snapshot.registered, parts_.member.name(),
                                     [](const auto& each) -> const std::string& { return each.first; });
  parts_.member.read(snapshot.liveness, own == snapshot.registered.end() ? std::nullopt : std::optional(own->second));
  for (NodeValueSeen& node : snapshot.nodes) parts_.member.see_node(node.name, std::move(node.value));
  lane_ = std::move(snapshot.lane);
  has_place_ = true;
  history_ = snapshot.history;
  applied_.store(snapshot.revision, std::memory_order_release);
  index_.store(snapshot.index, std::memory_order_release);
  if (!lost_.empty()) {
    has_lost_ = true;
    log::warn("not in the history that etcd has now, and registered again: {}", counted(lost_.size(), "live instance"));
  }
  log::info("the roll of the cluster is followed: {} at index {}",
            counted(parts_.registry.counts().instances, "instance"), index());
}

void FollowedRoll::note_service(const ServiceSeen& seen) {
  if (!seen.stored) {
    services_.erase(seen.key);
    empty_.erase(seen.key);
    if (!parts_.registry.forget(seen.key.ref())) unsettled_.insert(seen.key);
    return;
  }
  services_[seen.key] = {seen.changed, *seen.stored};
  if (seen.stored->emptied_at == k_forgotten) {
    empty_.insert(seen.key);
    if (!parts_.registry.forget(seen.key.ref())) unsettled_.insert(seen.key);  // an instance has come meanwhile
    return;
  }
  if (seen.stored->emptied_at) {
    empty_.insert(seen.key);
  } else {
    empty_.erase(seen.key);
  }
  parts_.registry.follow_service({.key = seen.key,
                                  .index = index_of(seen.changed),
                                  .protocols = seen.stored->protocols,
                                  .emptied_at = seen.stored->emptied_at},
                                 parts_.clock.now());
}

void FollowedRoll::set_count(const ZoneCount& count) {
  const auto at = static_cast<std::size_t>(count.zone);
  if (at >= counts_.size()) return;
  counts_[at].store(std::uint64_t{count.count} + 1, std::memory_order_release);
  parts_.bases.set(parts_.zones.name_of(count.zone), count.base);
  uncounted_.erase(count.zone);
  parts_.counted(count.zone);
}

std::optional<std::uint32_t> FollowedRoll::count_of(registry::ZoneId zone) const {
  const auto at = static_cast<std::size_t>(zone);
  const std::uint64_t count = at < counts_.size() ? counts_[at].load(std::memory_order_acquire) : 0;
  if (count == 0) return has_followed() ? std::optional<std::uint32_t>(0) : std::nullopt;
  return static_cast<std::uint32_t>(count - 1);
}

}  // namespace rollcall::cluster
