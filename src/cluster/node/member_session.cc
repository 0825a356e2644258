// The transactions that make this node a member: its session, its proofs, joining and leaving.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "cluster/node/member.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {
std::string Member::value(bool is_member) const {
  StoredNode node = self_;
  node.incarnation = liveness_.incarnation();
  node.is_member = is_member;
  node.hears = liveness_.hears();
  return write_node(node);
}

std::string Member::registration(bool is_in) const {
  StoredRegistration stored;
  stored.unclean = unclean_;
  stored.unclean.is_in = is_in;
  stored.peers = self_.peers;
  stored.dns = self_.http;
  return write_registration(stored);
}

// `then` runs with the lock held, if this is still the incarnation that has asked.
template <class Then>
std::function<void(Committed)> Member::if_still(Then then) {
  return [this, me = liveness_.incarnation(), then](const Committed& committed) {
    const std::lock_guard lock(mutex_);
    if (!is_reading_ && liveness_.incarnation() == me) then(committed);
  };
}

void Member::tick(std::size_t ends_waiting) {
  Actions actions;
  {
    const std::lock_guard lock(mutex_);
    if (is_reading_ || has_left_) return;
    liveness_.note_ends_waiting(ends_waiting);
    actions = liveness_.tick(here());
    if (actions.join && !may_join()) {
      liveness_.join_settled(false);
      actions.join = false;
    }
  }
  if (actions.give_up == GiveUp::stopped) {
    has_left_ = true;
    return;
  }
  if (actions.give_up != GiveUp::no) return begin_incarnation(actions.give_up);
  if (actions.create_session) create_session();
  if (actions.prove) prove();
  if (actions.publish) publish();
  if (actions.join) join();
  if (actions.leave) leave();
  if (!actions.ends.empty()) callbacks_.ends(actions.ends);
}

// What the watch shows stays, and goes on.
void Member::begin_incarnation(GiveUp why) {
  log::warn("this node is no member of its cluster any more: {}; it joins again", reason_of(why));
  engine_.close_session(true);
  const std::lock_guard lock(mutex_);
  gave_up_ = why;
  begin();
}

void Member::lose_history() {
  {
    const std::lock_guard lock(mutex_);
    is_reading_ = true;
    gave_up_ = GiveUp::lost_session;
    liveness_.begin(Random::from_system().next(), Duration::zero(), here());  // of a session that will not be made
  }
  engine_.close_session(true);
}

// With the lock held.
void Member::begin() {
  has_lease_ = false;
  unclean_.begin(std::chrono::duration_cast<std::chrono::seconds>(registry::wall_now().time_since_epoch()));
  liveness_.begin(Random::from_system().next(), unclean_.wait(), here());
  if (is_stopping_) liveness_.stop(here());
  counters_.incarnations.fetch_add(1, std::memory_order_relaxed);
}

// A node whose zones or settings no member shares would answer otherwise than all others.
bool Member::may_join() {
  bool has_member = false;
  std::string names;
  for (const auto& [name, node] : nodes_) {
    if (!node.is_member) continue;
    if (node.zones_hash == self_.zones_hash && node.settings_hash == self_.settings_hash) {
      why_joins_not_.clear();
      return true;
    }
    has_member = true;
    names += (names.empty() ? "" : ", ") + name;
  }
  why_joins_not_ =
      has_member ? fmt::format("the zone files or settings here differ from those of {}: make them the same", names)
                 : std::string();
  return !has_member;
}

void Member::create_session() {
  bool has_lease = false;
  Incarnation me = 0;
  {
    const std::lock_guard lock(mutex_);
    has_lease = has_lease_;
    me = liveness_.incarnation();
  }
  if (has_lease) return put_session();
  const auto granted = [this, me](bool is_granted) {
    {
      const std::lock_guard lock(mutex_);
      if (is_reading_ || liveness_.incarnation() != me) return;
      has_lease_ = is_granted;
      if (!is_granted) namesake_.forget();
      if (!is_granted) return liveness_.session_not_created(here());
    }
    put_session();
  };
  engine_.open_session(granted, [] {});
}

void Member::put_session() {
  const auto created = [this](const Committed& committed) {
    if (committed.outcome == CommitOutcome::applied) return liveness_.session_created(committed.header.revision);
    if (committed.outcome == CommitOutcome::differed && !committed.read.empty()) {
      const KeyValue& there = committed.read.front();
      const Result<StoredNode> node = read_node(there.value);
      const bool is_ours = node && node->incarnation == liveness_.incarnation();  // of an unknown outcome
      if (is_ours) return liveness_.session_created(there.created);
      namesake_.found(boot_time());
    } else {
      namesake_.forget();
    }
    if (committed.outcome == CommitOutcome::refused && committed.refusal == Refusal::no_lease) has_lease_ = false;
    liveness_.session_not_created(here());
  };
  std::string text;
  std::function<void(Committed)> then;
  {
    const std::lock_guard lock(mutex_);
    text = value(false);
    then = if_still(created);
  }
  engine_.commit(cluster::create_session(node_keys_, std::move(text)), std::move(then));
}

void Member::prove() {
  Transaction transaction;
  std::function<void(Committed)> then;
  const Raw sent = boot_time();
  {
    const std::lock_guard lock(mutex_);
    transaction = cluster::prove(node_keys_, liveness_.session());
    then = if_still([this, sent](const Committed& committed) {
      if (committed.outcome == CommitOutcome::applied) liveness_.proved(sent, newest_, here());
      if (committed.outcome == CommitOutcome::differed) liveness_.proof_failed();
    });
  }
  engine_.commit(std::move(transaction), std::move(then));
  // How far etcd is, in our own keys: other programs' changes never reach our watch.
  engine_.read({.range = range_of_prefix(keys_.lanes()), .newest_only = true}, [this](const Snapshot& lanes) {
    if (!lanes.ok() || lanes.keys.empty()) return;
    bool is_late = false;
    {
      const std::lock_guard lock(mutex_);
      newest_ = std::max(newest_, lanes.keys.front().changed);
      const Now now = here();
      is_late = late_watch_.is_late(liveness_.behind_for(now), brought_, newest_, now.raw) && !is_reading_;
    }
    if (is_late) engine_.move_on();
  });
}

void Member::publish() {
  Transaction transaction;
  std::function<void(Committed)> then;
  {
    const std::lock_guard lock(mutex_);
    transaction =
        cluster::publish(node_keys_, liveness_.session(), liveness_.own_changed(), value(liveness_.is_member()));
    then = if_still([this](const Committed&) { liveness_.published(); });
  }
  engine_.commit(std::move(transaction), std::move(then));
}

void Member::join() {
  Transaction transaction;
  std::function<void(Committed)> then;
  {
    const std::lock_guard lock(mutex_);
    transaction = cluster::join(node_keys_, liveness_.session(), liveness_.members(), value(true), registration(true));
    then = if_still(
        [this](const Committed& committed) { liveness_.join_settled(committed.outcome == CommitOutcome::applied); });
  }
  engine_.commit(std::move(transaction), std::move(then));
}

void Member::leave() {
  Transaction transaction;
  std::function<void(Committed)> then;
  {
    const std::lock_guard lock(mutex_);
    transaction = cluster::leave(node_keys_, liveness_.session(), liveness_.members(), registration(false));
    then = if_still([this](const Committed& committed) {
      if (committed.outcome == CommitOutcome::applied) has_left_ = true;
    });
  }
  engine_.commit(std::move(transaction), std::move(then));
}

}  // namespace rollcall::cluster
