// The store of a cluster: what comes from etcd, and everything that happens because time passes.
#include <algorithm>
#include <limits>
#include <pthread.h>
#include <utility>

#include "base/log.h"
#include "cluster/kv/shared_key_values.h"

namespace rollcall::cluster {
namespace {

// Nobody could renew for so long: each session has its whole time again. An election of etcd takes less.
constexpr std::chrono::milliseconds k_touch_gap_max{4'000};
constexpr std::chrono::milliseconds k_delays_every{1'000};
constexpr std::size_t k_ends_at_once_max = 64;
// Clocks of nodes run within 100 ppm of each other.
constexpr std::int64_t k_drift_per = 5'000;

// How long after the sending of a heartbeat a whole TTL is left, whoever counts.
std::chrono::nanoseconds sure_for(std::chrono::nanoseconds ttl) { return ttl / 2 - ttl / k_drift_per; }

}  // namespace

void SharedKeyValues::start() {
  timing_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "shared keys");
    GuardedCondition<bool> never(false);
    while (!stop.stop_requested()) {
      post([this] { tick(); });
      never.wait_until(stop, std::chrono::steady_clock::now() + k_tick, [](bool) { return false; });
    }
  });
}

void SharedKeyValues::tick() {
  const LeaseTime now = parts_.clock.now();
  link_->tick();
  if (batch_ && batch_->stand == Stand::in_doubt && now >= batch_->again_at) send();
  give_up_late(now);
  end_due_sessions(now);
  tell_caught_up(now);
  if (now >= look_at_delays_at_) {
    look_at_delays_at_ = now + k_delays_every;
    stage_.forget_delays(now);
  }
  pump();
}

// --- What etcd has ---

KvLink::Sink::Shown SharedKeyValues::shown() const {
  return {.has_read = has_read_.load(std::memory_order_relaxed),
          .applied = applied_,
          .last = mirror_.last(),
          .last_value = mirror_.last_value(),
          .index = view_.with([](const kv::View& view) { return view.index(); })};
}

void SharedKeyValues::took_all(std::uint64_t base, bool is_other_history, const std::vector<KeyValue>& keys,
                               Revision revision) {
  mirror_.set_base(base);
  // Of keys that are not there, nobody knows since when.
  if (!has_read_.load(std::memory_order_relaxed)) {
    view_.with([&](kv::View& view) { view = kv::View(base + static_cast<kv::Index>(revision)); });
  }
  const kv::Changes changes = mirror_.take_all(keys, revision, parts_.clock.now());
  applied_ = revision;
  show_followed(changes);
  // Heartbeats may be among what was missed.
  view_.with([&](kv::View& view) { view.give_all_time(parts_.clock.now()); });
  if (is_other_history) {
    wait_for_last_ = 0;
    sure_.with([](auto& sure) { sure.clear(); });
  }
  has_read_.store(true, std::memory_order_release);
  // Another batch of this node is none that is in doubt: either this one is the last that was made, or it was not.
  if (batch_ && batch_->stand != Stand::made && mirror_.done_by(parts_.node) == batch_->id) {
    batch_->stand = Stand::made;
    batch_->made_at = revision;
  }
  finish_batch();
  pump();
}

void SharedKeyValues::took(const RevisionEvents& events) {
  if (events.revision <= applied_) return;
  const kv::Changes changes = mirror_.follow(events, parts_.clock.now());
  applied_ = events.revision;
  show_followed(changes);
  tell_caught_up(parts_.clock.now());
  finish_batch();
  pump();
}

void SharedKeyValues::show_followed(const kv::Changes& changes) {
  for (const std::string& sentence : mirror_.take_left_out()) log::warn("a key of etcd is left out: {}", sentence);
  show(changes, parts_.clock.now());
  for (const kv::Change& change : changes.list) {
    const auto* session = std::get_if<kv::Replaced<kv::Session>>(&change);
    if (session == nullptr || session->after) continue;
    ending_.erase(session->before->id);
    sure_.with([&](auto& sure) { sure.erase(session->before->id); });
  }
}

void SharedKeyValues::in_touch(LeaseTime sent, Revision) {
  if (touched_ && sent - *touched_ > k_touch_gap_max) {
    view_.with([&](kv::View& view) { view.give_all_time(parts_.clock.now()); });
  }
  touched_ = sent;
  // The answer has come by now, and the question was sent before.
  const auto raw = parts_.raw_now() - (parts_.clock.now() - sent);
  touched_raw_ns_.store(raw.time_since_epoch().count(), std::memory_order_relaxed);
}

std::string SharedKeyValues::why_unread() const {
  if (has_read_.load(std::memory_order_acquire)) return {};
  return "No cluster leader: this node has not read the keys of the cluster from etcd yet";
}

// --- Sessions ---

// A heartbeat is confirmed within half a TTL of its sending alone: others count from then, and a whole TTL must be left.
void SharedKeyValues::refuse_late(Batch& batch) const {
  const Raw now = parts_.raw_now();
  for (std::size_t i = 0; i < batch.requests.size(); ++i) {
    std::chrono::milliseconds ttl{};
    if (const auto* created = std::get_if<kv::CreateSession>(&batch.requests[i].request)) {
      ttl = created->session.ttl;
    } else if (const auto* renewed = std::get_if<kv::RenewSession>(&batch.requests[i].request)) {
      const kv::SessionPtr session = stage_.tables().find_session(renewed->id);
      if (session) ttl = session->ttl;
    }
    if (ttl == ttl.zero() || !batch.outcomes[i]) continue;
    if (now <= batch.sent + sure_for(ttl)) continue;
    batch.outcomes[i] =
        failure(Errc::store_failed, "the heartbeat took too long to count for a whole TTL: renew again");
  }
}

// Nobody ends the session before it was not renewed for one and a half of its TTL as he has seen it, and he has seen the
// heartbeat later than it was sent. So in the first half of a TTL after that another heartbeat changes nothing.
void SharedKeyValues::note_sure(const Batch& batch) {
  const auto put_sure = [&](const std::string& id, std::chrono::milliseconds ttl) {
    if (ttl == ttl.zero()) return;
    const Raw until = batch.sent + sure_for(ttl);
    sure_.with([&](auto& sure) { sure[id] = {until}; });
  };
  for (std::size_t i = 0; i < batch.requests.size(); ++i) {
    if (!batch.outcomes[i] || !std::holds_alternative<kv::Done>(*batch.outcomes[i])) continue;
    const kv::Request& request = batch.requests[i].request;
    if (const auto* created = std::get_if<kv::CreateSession>(&request)) {
      put_sure(created->session.id, created->session.ttl);
    } else if (const auto* renewed = std::get_if<kv::RenewSession>(&request)) {
      if (const kv::SessionPtr session = stage_.tables().find_session(renewed->id)) put_sure(renewed->id, session->ttl);
    }
  }
}

std::optional<kv::SessionPtr> SharedKeyValues::renew(std::string_view id) const {
  const Raw now = parts_.raw_now();
  const Raw touched{Duration(touched_raw_ns_.load(std::memory_order_relaxed))};
  if (now - touched > k_touch_gap_max) return std::nullopt;
  const bool is_sure = sure_.with([&](const auto& sure) {
    const auto found = sure.find(id);
    return found != sure.end() && now <= found->second.until;
  });
  if (!is_sure) return std::nullopt;
  kv::SessionPtr session = read([&](const kv::View& view) { return view.tables().find_session(id); });
  return session ? std::optional(std::move(session)) : std::nullopt;
}

void SharedKeyValues::end_due_sessions(LeaseTime now) {
  if (!link_->is_following() || !touched_ || now - *touched_ > k_touch_gap_max) return;
  const std::vector<std::string> due = view_.with([&](const kv::View& view) { return view.due(now - lateness_); });
  for (const std::string& id : due) {
    if (ending_.size() >= k_ends_at_once_max) return;
    if (!ending_.insert(id).second) continue;
    Waiting waiting{.request = kv::DestroySession{id},
                    .reply = [this, id](const kv::Outcome&) { ending_.erase(id); },
                    .bytes = 0,
                    .since = now,
                    .only_if_due = true};
    inbox_.with([&](Inbox& inbox) { inbox.waiting.push_back(std::move(waiting)); });
  }
}

// --- Reads that want what others have acknowledged ---

void SharedKeyValues::catch_up(std::move_only_function<void(bool)> done) {
  post([this, done = std::move(done)]() mutable {
    catching_up_.push_back({.done = std::move(done), .until = parts_.clock.now() + kv::k_shared_patience});
    ask_to_catch_up();
  });
}

// One question at a time; who comes while it is on its way takes part in the next.
void SharedKeyValues::ask_to_catch_up() {
  const bool is_wanted = std::ranges::any_of(catching_up_, [](const CatchUp& each) { return !each.last; });
  if (is_asking_ || !is_wanted) return;
  is_asking_ = true;
  parts_.engine.read(
      {.range = {keys_.last(), {}}, .newest_only = true},
      [this, weak = std::weak_ptr(alive_), run_soon = parts_.run_soon, count = catching_up_.size()](Snapshot got) {
        run_soon([this, weak, count, got = std::move(got)]() mutable {
          if (!weak.expired()) asked(std::move(got), count);
        });
      });
}

void SharedKeyValues::asked(Snapshot snapshot, std::size_t count) {
  is_asking_ = false;
  if (snapshot.ok()) {
    const Revision last = snapshot.keys.empty() ? 0 : snapshot.keys.front().changed;
    for (std::size_t i = 0; i < std::min(count, catching_up_.size()); ++i) {
      if (!catching_up_[i].last) catching_up_[i].last = last;
    }
  }
  tell_caught_up(parts_.clock.now());
}

void SharedKeyValues::tell_caught_up(LeaseTime now) {
  std::deque<CatchUp> rest;
  std::vector<std::pair<CatchUp, bool>> told;
  for (CatchUp& each : std::exchange(catching_up_, {})) {
    const bool is_shown = each.last && link_->is_following() && mirror_.last() >= *each.last;
    if (is_shown || now >= each.until) {
      told.emplace_back(std::move(each), is_shown);
    } else {
      rest.push_back(std::move(each));
    }
  }
  catching_up_ = std::move(rest);
  for (auto& [each, is_shown] : told) each.done(is_shown);
  ask_to_catch_up();
}

}  // namespace rollcall::cluster
