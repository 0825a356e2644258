// Liveness: the exchange of heartbeats.
#include <algorithm>

#include "cluster/liveness.h"

namespace rollcall::cluster {

std::vector<SentPoll> Liveness::polls(Now now) {
  may_answer(now);
  std::vector<SentPoll> polls;
  polls.reserve(peers_.size());
  for (const Peer& peer : peers_) {
    SentPoll poll;
    poll.to = peer.name;
    poll.sent = now;
    poll.request = {.from = options_.name,
                    .from_incarnation = incarnation_,
                    .to_incarnation = peer.incarnation,
                    .fetched = peer.fetched,
                    .whole_from = peer.whole_from,
                    .silence = now.raw - std::max(peer.answered, since_ - std::chrono::hours(1))};
    polls.push_back(std::move(poll));
  }
  return polls;
}

void Liveness::add_item(const BeatRow& row, Now now, PollAnswer& answer) const {
  const Raw heard = lower(row);
  if (heard == k_never<Raw>) return;
  const auto steps = std::max<std::int64_t>((now.raw - heard) / k_age_step, 0);
  if (steps > k_age_max) return;
  answer.items.push_back({row.id, static_cast<std::uint32_t>(steps)});
}

// For a joiner: everybody, in pages of slots. Its own grace covers what was heard before it came, so that of two bounds the
// earlier one is enough. The log it asks for afterwards begins where it ended at the first page.
void Liveness::add_whole(const PollRequest& request, Now now, PollAnswer& answer) {
  Slot slot = *request.whole_from;
  if (slot == 0) answer.fetched = table_.log_end();
  for (; slot < table_.slots() && answer.items.size() < k_items_max; ++slot) {
    if (table_.at(slot).used && !table_.at(slot).ended) add_item(table_.at(slot), now, answer);
  }
  if (slot < table_.slots()) answer.whole_from = slot;
}

void Liveness::add_log(const PollRequest& request, Now now, PollAnswer& answer) {
  Slot slot = table_.after(request.fetched);
  for (; slot != k_no_slot && answer.items.size() < k_items_max; slot = table_.at(slot).newer) {
    add_item(table_.at(slot), now, answer);
    answer.fetched = {table_.at(slot).sequence, slot};
  }
  answer.complete = slot == k_no_slot;
  if (answer.complete) answer.fetched = table_.log_end();
}

PollAnswer Liveness::answer(const PollRequest& request, Now now) {
  PollAnswer answer;
  answer.incarnation = incarnation_;
  if (request.to_incarnation != incarnation_) return answer;
  Peer* peer = find_peer(request.from);
  if (peer != nullptr && peer->incarnation == request.from_incarnation) {
    peer->heard_us = std::max(peer->heard_us, now.raw - request.silence);
    if (!request.whole_from) peer->fetched_ours = std::max(peer->fetched_ours, request.fetched.sequence);
  }
  answer.is_member = is_member_;
  answer.applied = applied_;
  answer.fetched = request.fetched;
  if (!is_member_) return answer;
  if (request.whole_from) {
    add_whole(request, now, answer);
  } else {
    add_log(request, now, answer);
  }
  return answer;
}

void Liveness::take(const SentPoll& poll, const PollAnswer& answer, Now now) {
  Peer* peer = find_peer(poll.to);
  if (peer == nullptr || poll.request.from_incarnation != incarnation_) return;
  if (answer.incarnation != poll.request.to_incarnation) return;
  if (answer.incarnation != peer->incarnation && rules_.incarnation) return;
  peer->answered = std::max(peer->answered, poll.sent.raw);
  if (!answer.is_member) return;  // it knows nothing yet
  for (const BeatItem& item : answer.items) learn(item, poll, answer, now);
  if (poll.request.whole_from) {
    if (peer->whole_from != poll.request.whole_from) return;  // a duplicate
    peer->fetched = answer.fetched;
    peer->whole_from = answer.whole_from;
    peer->fed = !peer->whole_from;
    return;
  }
  if (answer.fetched.sequence > peer->fetched.sequence) peer->fetched = answer.fetched;
  if (!answer.complete) return;
  peer->fed = true;
  peer->answered_all = std::max(peer->answered_all, poll.sent.own);
  peer->applied = std::max(peer->applied, answer.applied);
}

void Liveness::learn(const BeatItem& item, const SentPoll& poll, const PollAnswer& answer, Now now) {
  const Duration age = item.age * k_age_step;  // rounded down
  const Raw lo = poll.sent.raw - age - k_age_step;
  const Own hi = now.own - age;
  if (BeatRow* row = find(item.id); row != nullptr) {
    row->lo = std::max(row->lo, lo);
    row->hi = std::max(row->hi, hi);
    return;
  }
  if (answer.applied <= applied_) return;  // it has ended
  // Our watch will bring it. Whatever is lost here costs a put, and nothing else: a registration counts from when it is seen.
  if (pending_.size() >= k_pending_max) pending_.clear();
  const auto [at, is_new] = pending_.try_emplace(item.id, Pending{lo, hi});
  if (is_new) return;
  at->second.lo = std::max(at->second.lo, lo);
  at->second.hi = std::max(at->second.hi, hi);
}

}  // namespace rollcall::cluster
