// Liveness: the session, joining, leaving, and who hears whom.
#include <algorithm>

#include "cluster/liveness.h"

namespace rollcall::cluster {

Actions Liveness::tick(Now now) {
  Actions actions;
  may_answer(now);
  look_at_session(now, actions);
  look_at_leave(now, actions);
  look_at_hearing(now, actions);
  if (actions.give_up != GiveUp::no) {
    lose_session();
    return actions;
  }
  look_at_join(now, actions);
  look_at_ends(now, actions);
  drop_ended();
  return actions;
}

void Liveness::look_at_session(Now now, Actions& actions) {
  if (is_lost_) {
    actions.give_up = stopping_ ? GiveUp::stopped : GiveUp::lost_session;
  } else if (session_ == 0) {
    if (creating_ || now.raw < create_at_ || stopping_) return;
    creating_ = actions.create_session = true;
  } else if (now.raw >= prove_at_) {
    actions.prove = true;
    prove_at_ = now.raw + k_proof_interval;
  }
}

void Liveness::session_created(Revision created) {
  session_ = created;
  creating_ = false;
}

void Liveness::session_not_created(Now now) {
  creating_ = false;
  create_at_ = now.raw + k_session_again;
}

void Liveness::proved(Raw sent, Revision exists, Now now) {
  good_ = std::max(good_, sent + k_proof_valid);
  if (behind_ != 0 || applied_ >= exists) return;
  behind_ = exists;
  behind_since_ = now.raw;
}

void Liveness::proof_failed() { lose_session(); }

void Liveness::renewed(Raw sent) {
  if (!rules_.linear) good_ = std::max(good_, sent + k_proof_valid);
}

void Liveness::look_at_leave(Now now, Actions& actions) {
  if (!stopping_ || actions.give_up != GiveUp::no) return;
  if (!is_member_ || now.raw - stopping_since_ > k_hand_over) {
    actions.give_up = GiveUp::stopped;
  } else if (!leaving_ && is_handed_over()) {
    leaving_ = actions.leave = true;
  }
}

Revision Liveness::applied_by_all() const {
  Revision applied = applied_;
  for (const Peer& peer : peers_) {
    if (peer.is_member) applied = std::min(applied, peer.applied);
  }
  return applied;
}

bool Liveness::is_handed_over() const {
  if (!rules_.handover) return true;
  return std::ranges::all_of(
      peers_, [&](const Peer& peer) { return !peer.is_member || peer.fetched_ours >= table_.sequence(); });
}

void Liveness::look_at_hearing(Now now, Actions& actions) {
  if (actions.give_up != GiveUp::no) return;
  if (is_member_ && rules_.deaf && is_deaf(now)) {
    actions.give_up = GiveUp::deaf;
    return;
  }
  // Also who has joined and does not see it: the others wait for it already.
  if (session_ != 0 && rules_.behind && behind_ != 0 && now.raw - behind_since_ > k_behind) {
    actions.give_up = GiveUp::behind;
    return;
  }
  if (session_ == 0 || own_changed_ == 0 || publishing_) return;
  std::vector<std::string> hears;
  for (const Peer& peer : peers_) {
    if (now.raw - peer.answered < k_hears_within) hears.push_back(peer.name);
  }
  if (hears == hears_) return;
  hears_ = std::move(hears);
  publishing_ = actions.publish = true;
}

// Hears nobody, or is heard by nobody, for a while; and others get on without us, or we are not the oldest.
bool Liveness::is_deaf(Now now) const {
  if (other_members() == 0) return false;
  Raw answered = since_;
  Raw heard_us = since_;
  bool is_oldest = true;
  bool others_hear = false;
  for (const Peer& peer : peers_) {
    if (!peer.is_member) continue;
    answered = std::max(answered, peer.answered);
    heard_us = std::max(heard_us, peer.heard_us);
    if (peer.created < session_) is_oldest = false;
    for (const Peer& other : peers_) {
      if (other.is_member && std::ranges::binary_search(peer.hears, other.name)) others_hear = true;
    }
  }
  if (is_oldest && !others_hear) return false;
  return now.raw - answered > k_deaf || now.raw - heard_us > k_deaf;
}

std::string Liveness::describe(Now now) const {
  const auto ms = [](Duration time) {
    return std::to_string(std::clamp<std::int64_t>(time / milliseconds(1), -1, 999'999));
  };
  std::string text = options_.name + (is_member_ ? " member" : "") + (stopping_ ? " stopping" : "") +
                     (is_lost_ ? " lost" : "") + (joining_ ? " joining" : "") + " session " + std::to_string(session_) +
                     " good " + ms(good_ - now.raw) + " grace " + ms(grace_ - now.own) + " wait " +
                     ms(wait_ - (now.raw - since_)) + " applied " + std::to_string(applied_) + " fence " +
                     std::to_string(members_);
  for (const Peer& peer : peers_) {
    text += "; " + peer.name + (peer.is_member ? " member" : "") + (peer.fed ? " fed" : "") + " answered " +
            ms(now.raw - std::max(peer.answered, Raw{})) + " heard us " + ms(now.raw - std::max(peer.heard_us, Raw{})) +
            " W " + ms(now.own - std::max(peer.answered_all, Own{}));
  }
  return text;
}

void Liveness::look_at_join(Now now, Actions& actions) {
  if (session_ == 0 || is_member_ || joining_ || stopping_ || is_lost_) return;
  // The watch has shown our own key: it will show our joining as well, which everybody else waits for from then on.
  if (rules_.behind && own_changed_ == 0) return;
  if (rules_.backoff && other_members() != 0 && now.raw - since_ < wait_) return;
  const bool is_fed = std::ranges::all_of(peers_, [&](const Peer& peer) {
    return !peer.is_member ||
           (peer.fed && now.raw - peer.answered < k_heard_lately && now.raw - peer.heard_us < k_heard_lately);
  });
  if (rules_.fed && !is_fed) return;
  joining_ = actions.join = true;
}

}  // namespace rollcall::cluster
