#include "cluster/liveness.h"

#include <algorithm>

namespace rollcall::cluster {
namespace {

Tick tick_of(Own time) {
  const auto whole = std::chrono::ceil<milliseconds>(time.time_since_epoch()).count();
  return whole < 0 ? 0 : static_cast<Tick>(whole);
}

}  // namespace

Liveness::Liveness(LivenessOptions options, Now now)
    : options_(std::move(options)), rules_(options_.rules), table_(tick_of(now.own)) {}

void Liveness::begin(Incarnation incarnation, Duration wait, Now now) {
  incarnation_ = incarnation;
  // Who has a session is known by the watch, or by the read that follows; what they have told was told to another.
  for (Peer& peer : peers_) {
    Peer fresh;
    fresh.name = std::move(peer.name);
    fresh.incarnation = peer.incarnation;
    fresh.is_member = peer.is_member;
    fresh.created = peer.created;
    fresh.hears = std::move(peer.hears);
    fresh.whole_from = 0;
    peer = std::move(fresh);
  }
  pending_.clear();
  hears_.clear();
  table_.forget_log();
  session_ = own_changed_ = behind_ = 0;
  is_member_ = was_answering_ = stopping_ = creating_ = joining_ = publishing_ = leaving_ = is_lost_ = false;
  good_ = k_never<Raw>;
  since_ = create_at_ = prove_at_ = now.raw;
  wait_ = wait;
  grace_ = std::max(grace_, now.own);
}

void Liveness::stop(Now now) {
  if (stopping_) return;
  stopping_ = true;
  stopping_since_ = now.raw;
}

bool Liveness::may_answer(Now now) {
  const bool may = is_member_ && !stopping_ && (good_ > now.raw || !rules_.session);
  // What was refused here counts against nobody, here.
  if (may && !was_answering_ && rules_.refused) grace_ = std::max(grace_, now.own);
  was_answering_ = may;
  return may;
}

Duration Liveness::safe(Duration ttl) const {
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::nano>(static_cast<double>(ttl.count()) * safe_part(options_.clocks_apart)));
}

bool Liveness::is_in_time(const BeatRow& row, Now now) const {
  if (!rules_.overdue) return true;
  return rules_.lower ? lower(row) + safe(row.ttl) > now.raw : upper(row) + row.ttl > now.own;
}

void Liveness::hear(BeatRow& row, Now now) {
  row.lo = std::max(row.lo, now.raw);
  row.hi = std::max(row.hi, now.own);
  table_.log(row);
}

BeatRow* Liveness::find(const InstanceId& id) {
  BeatRow* row = table_.find(id);
  return row == nullptr || row->ended ? nullptr : row;
}

Beat Liveness::heartbeat(const InstanceId& id, Now now) {
  if (!may_answer(now)) return {Verdict::refuse};
  BeatRow* row = find(id);
  if (row == nullptr) return {Verdict::unknown};
  if (!is_in_time(*row, now)) return {Verdict::put_first, row->revision};
  hear(*row, now);
  return {Verdict::answer, row->revision};
}

Verdict Liveness::confirm(const InstanceId& id, Revision revision, Raw sent, Now now) {
  if (!may_answer(now)) return Verdict::refuse;
  if (applied_ < revision) return Verdict::wait;
  BeatRow* row = find(id);
  if (row == nullptr) return Verdict::unknown;
  if (rules_.timely && now.raw - sent >= safe(row->ttl)) return Verdict::refuse;
  hear(*row, now);
  return Verdict::answer;
}

std::vector<InstanceId> Liveness::heard_within_ttl(Now now) {
  std::vector<InstanceId> heard;
  for (Slot slot = 0; slot < table_.slots(); ++slot) {
    const BeatRow& row = table_.at(slot);
    if (row.used && !row.ended && row.sequence != 0 && row.lo + row.ttl > now.raw) heard.push_back(row.id);
  }
  return heard;
}

// ---------------------------------------------------------------- the watch

void Liveness::put(const InstanceId& id, Revision revision, Duration ttl, Now now) {
  BeatRow* row = table_.find(id);
  if (row == nullptr) {
    row = &table_.add(id);
  } else if (row->ended) {  // what was heard of the one before counts for this one
    row->ended = false;
    std::erase(ended_, row->slot);
  }
  if (const auto waiting = pending_.find(id); waiting != pending_.end()) {
    row->lo = std::max(row->lo, waiting->second.lo);
    row->hi = std::max(row->hi, waiting->second.hi);
    pending_.erase(waiting);
  }
  row->revision = revision;
  row->ttl = ttl;
  row->seen = now.own;
  const Own seen = rules_.seen ? row->seen : k_never<Own>;
  table_.wheel.set(*row, tick_of(std::max(upper(*row), seen) + ttl));
}

// A node whose watch is late answers for a registration that has been ended and made again: what it has heard counts for the
// new one, and must still reach whoever may end that. So the place in the log outlives the registration.
void Liveness::end(BeatRow& row) {
  if (row.sequence == 0 || row.sequence <= fetched_by_all()) return table_.remove(row);
  row.ended = true;
  row.revision = 0;
  table_.wheel.cancel(row);
  ended_.push_back(row.slot);
}

std::uint64_t Liveness::fetched_by_all() const {
  std::uint64_t fetched = table_.sequence();
  for (const Peer& peer : peers_) {
    if (peer.is_member) fetched = std::min(fetched, peer.fetched_ours);
  }
  return fetched;
}

void Liveness::drop_ended() {
  if (ended_.empty()) return;
  const std::uint64_t fetched = fetched_by_all();
  std::erase_if(ended_, [&](Slot slot) {
    BeatRow& row = table_.at(slot);
    if (row.sequence > fetched) return false;
    table_.remove(row);
    return true;
  });
}

void Liveness::apply(const RollRevision& changes, Now now) {
  if (changes.revision <= applied_) return;
  applied_ = changes.revision;
  if (behind_ != 0 && applied_ >= behind_) behind_ = 0;
  if (changes.members_put) members_ = changes.revision;
  for (const InstanceSeen& seen : changes.put) put(seen.id, changes.revision, seen.ttl, now);
  for (const InstanceId& id : changes.ended) {
    if (BeatRow* row = find(id); row != nullptr) end(*row);
  }
  for (const std::string& name : changes.nodes_gone) {
    const bool is_own_before =
        name == options_.name && changes.revision <= session_;  // the watch is behind our new session
    if (!is_own_before) see_node_gone(name, changes.members_put, now);
  }
  for (const NodeSeen& node : changes.nodes) see_node(node, now);
}

void Liveness::read(const RollSnapshot& snapshot, Now now) {
  std::vector<std::pair<std::string, Incarnation>> before;
  for (const Peer& peer : peers_) {
    if (peer.is_member) before.emplace_back(peer.name, peer.incarnation);
  }
  const bool was_member = is_member_;
  const bool fence_changed = members_ != snapshot.members;
  applied_ = snapshot.revision;
  members_ = snapshot.members;
  if (behind_ != 0 && applied_ >= behind_) behind_ = 0;
  for (const InstanceSeen& seen : snapshot.instances) {
    const BeatRow* row = find(seen.id);
    const bool is_changed = row == nullptr || row->revision != seen.changed;
    if (is_changed) put(seen.id, seen.changed, seen.ttl, now);
    BeatRow* kept = table_.find(seen.id);
    if (is_changed && !rules_.reread) kept->seen = k_never<Own>;
    kept->kept = true;
  }
  for (Slot slot = 0; slot < table_.slots(); ++slot) {
    BeatRow& row = table_.at(slot);
    if (row.used && !row.kept && !row.ended) end(row);
    row.kept = false;
  }
  std::erase_if(peers_, [&](const Peer& peer) {
    return std::ranges::none_of(snapshot.nodes, [&](const NodeSeen& node) { return node.name == peer.name; });
  });
  const bool is_there = std::ranges::any_of(
      snapshot.nodes, [&](const NodeSeen& node) { return node.name == options_.name && node.created == session_; });
  if (session_ != 0 && session_ <= snapshot.revision && !is_there) lose_session();
  for (const NodeSeen& node : snapshot.nodes) see_node(node, now);
  std::vector<std::pair<std::string, Incarnation>> after;
  for (const Peer& peer : peers_) {
    if (peer.is_member) after.emplace_back(peer.name, peer.incarnation);
  }
  if (was_member && rules_.reread && (fence_changed || before != after)) begin_grace(now);
}

Liveness::Peer* Liveness::find_peer(const std::string& name) {
  const auto at = std::ranges::find(peers_, name, &Peer::name);
  return at == peers_.end() ? nullptr : &*at;
}

void Liveness::see_node(const NodeSeen& node, Now now) {
  if (node.name == options_.name) {
    if (node.incarnation != incarnation_ || is_lost_) return;
    if (session_ == 0) session_created(node.created);  // the watch was faster than the answer, or there was none
    own_changed_ = node.changed;
    if (!node.is_member || is_member_) return;
    begin_membership(now);
    return;
  }
  Peer* peer = find_peer(node.name);
  if (peer == nullptr || peer->incarnation != node.incarnation) {
    Peer fresh;
    if (peer != nullptr && !rules_.incarnation) fresh = *peer;
    fresh.name = node.name;
    fresh.incarnation = node.incarnation;
    fresh.is_member = false;
    if (!is_member_ && !fresh.fed) fresh.whole_from = 0;
    if (peer != nullptr) {
      *peer = std::move(fresh);
    } else {
      const auto at = std::ranges::lower_bound(peers_, node.name, {}, &Peer::name);
      peer = &*peers_.insert(at, std::move(fresh));
    }
  }
  peer->created = node.created;
  peer->is_member = peer->is_member || node.is_member;  // membership ends with the key, and not before
  peer->hears = node.hears;
}

void Liveness::see_node_gone(const std::string& name, bool clean, Now now) {
  if (name == options_.name) {
    if (session_ != 0) lose_session();
    return;
  }
  Peer* peer = find_peer(name);
  if (peer == nullptr) return;
  if (peer->is_member && !clean && rules_.grace) begin_grace(now);
  peers_.erase(peers_.begin() + (peer - peers_.data()));
}

// Our joining is seen: from now on heartbeats are answered.
void Liveness::begin_membership(Now now) {
  is_member_ = true;
  joining_ = false;
  since_ = now.raw;
  begin_grace(now);
  for (Peer& peer : peers_) peer.whole_from.reset();  // what was answered before is covered by the grace
  if (other_members() == 0 && rules_.alone) {         // nobody can tell who was heard: everybody gets a lease
    everyone_lo_ = now.raw;
    everyone_hi_ = now.own;
  }
}

void Liveness::begin_grace(Now now) {
  grace_ = std::max(grace_, now.own + (rules_.late_grace ? Duration(k_grace) : Duration::zero()));
}

void Liveness::lose_session() {
  is_lost_ = true;
  is_member_ = was_answering_ = false;
}

std::size_t Liveness::other_members() const {
  return static_cast<std::size_t>(std::ranges::count_if(peers_, &Peer::is_member));
}

// ---------------------------------------------------------------- ends

std::size_t Liveness::rank_of(const InstanceId& id) const {
  std::size_t before = 0;
  std::size_t all = 1;
  for (const Peer& peer : peers_) {
    if (!peer.is_member) continue;
    ++all;
    if (peer.name < options_.name) ++before;
  }
  return (before + id.words[1]) % all;
}

void Liveness::look_at_ends(Now now, Actions& actions) {
  if (!may_answer(now)) return;
  Own limit = now.own;
  Revision known = INT64_MAX;
  for (const Peer& peer : peers_) {
    if (!peer.is_member) continue;
    if (rules_.ears) limit = std::min(limit, peer.answered_all);
    if (rules_.applied) known = std::min(known, peer.applied);
  }
  if (limit.time_since_epoch() < Duration::zero()) return;
  const auto whole = std::chrono::floor<milliseconds>(limit.time_since_epoch()).count();
  if (static_cast<Tick>(whole) <= table_.wheel.now()) return;
  table_.wheel.advance(static_cast<Tick>(whole), [&](TimingWheel::Timer& timer) {
    end_if_due(static_cast<BeatRow&>(timer), limit, known, actions);
  });
}

void Liveness::end_if_due(BeatRow& row, Own limit, Revision known, Actions& actions) {
  const Own seen = rules_.seen ? row.seen : k_never<Own>;
  const Own due = std::max({upper(row), seen, grace_}) + row.ttl;
  // By rank: the next node tries a little later.
  const Duration step = k_rank_step + ends_waiting_ * Duration(k_rank_step_of_end);
  const Own turn = due + rank_of(row.id) * step;
  const auto again = [&](Own at) { table_.wheel.set(row, std::max(tick_of(at), tick_of(limit) + 1)); };
  if (turn > limit) return again(turn);
  if (row.revision > known || actions.ends.size() >= k_ends_max) return again(limit + k_end_soon);
  actions.ends.push_back({row.id, row.revision});
  again(limit + k_end_again);
}

void Liveness::end_differed(const DueEnd& end) {
  BeatRow* row = find(end.id);
  if (row == nullptr || row->revision != end.revision) return;
  table_.wheel.set(*row, table_.wheel.now() + static_cast<Tick>(k_end_soon.count()));
}

}  // namespace rollcall::cluster
