#include "cluster/node/node.h"

#include <algorithm>
#include <pthread.h>
#include <span>
#include <utility>

#include "base/log.h"
#include "base/rcu.h"

namespace rollcall::cluster {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds k_tick{10};
constexpr milliseconds k_look{1'000};
constexpr milliseconds k_store{100};
constexpr milliseconds k_everywhere_max{10'000};
constexpr milliseconds k_leave_max{2'000};
constexpr std::size_t k_noted_at_once = 256;  // heartbeats, under the lock of the known instances

std::int64_t steady_ns() { return Steady::now().time_since_epoch().count(); }

}  // namespace

Node::Node(std::unique_ptr<Engine> engine, NodeOptions options, RecordOptions records, Parts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      keys_(options_.cluster),
      engine_(std::move(engine)),
      record_engine_(std::move(records.store)),
      member_(*engine_, keys_, options_.name, options_.self, parts_.zone_names, known_,
              {.ends = [this](const std::vector<DueEnd>& due) { ends_.propose(due); },
               .drain = [this](const DrainQuestion& question) { return answer_drain(question); },
               .safety =
                   [this](const DrainQuestion& question, LeaseTime safe_here) {
                     Drains::Known known = drains_->look(question, safe_here);
                     return registry::LeaseAuthority::Safety{known.safe_at, std::move(known.missing)};
                   },
               .too_long = [this](const registry::InstanceRef& key) { end_too_long(key); }}),
      lanes_(*engine_, keys_, options_.name, parts_.zones, bases_, parts_.run_soon),
      agreed_(std::make_unique<registry::AgreedWriter>(parts_.registry, lanes_, parts_.clock)),
      ends_(*engine_, keys_, parts_.zone_names, known_, bases_, parts_.registry, member_),
      drains_(std::make_shared<Drains>(parts_.clock)),
      freshness_(options_.has_copy ? Freshness::stale : Freshness::expired),
      stale_since_ns_(steady_ns()) {
  roll_ = std::make_unique<FollowedRoll>(
      FollowedRoll::Parts{.registry = parts_.registry,
                          .agreed = *agreed_,
                          .replica = parts_.replica,
                          .clock = parts_.clock,
                          .zones = parts_.zones,
                          .member = member_,
                          .lanes = lanes_,
                          .bases = bases_,
                          .cluster = options_.cluster,
                          .zone_count = parts_.zone_names.size(),
                          .run_soon = parts_.run_soon,
                          .counted = parts_.counted,
                          .shown = [this](const registry::ServiceKey& service) { importer_->shown(service); }});
  std::optional<registry::ReplicaPlace> place;
  if (auto stored = parts_.replica.place()) place = *stored;
  follower_ =
      std::make_shared<Follower>(*engine_, keys_, parts_.zones, options_.bounds, known_, std::move(place), *roll_);
  importer_ = std::make_shared<Importer>(*engine_, record_engine_ != nullptr ? *record_engine_ : *engine_, keys_,
                                         parts_.zones, bases_, parts_.registry,
                                         Importer::Options{.prefix = std::move(records.prefix),
                                                           .cluster = options_.cluster,
                                                           .node = options_.name,
                                                           .bounds = options_.bounds,
                                                           .mirrors = records.mirrors});
}

Node::~Node() { end(); }

void Node::start(PeerNetwork& peers) {
  peers_ = &peers;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "cluster");
    const rcu::Thread reader;
    run(stop);
  });
}

void Node::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    tick();
    std::this_thread::sleep_for(k_tick);
  }
}

void Node::tick() {
  const Steady::time_point now = Steady::now();
  follower_->tick(now);
  member_.tick(ends_.waiting());
  if (now >= next_poll_) {
    next_poll_ = std::max(next_poll_ + k_poll_interval, now);
    if (std::vector<PeerAddress> addresses = member_.peer_addresses(); addresses != told_peers_) {
      told_peers_ = addresses;
      peers_->set_peers(std::move(addresses));
    }
    for (SentPoll& poll : member_.polls()) peers_->send(std::move(poll));
  }
  note_heard();
  importer_->tick(notifies() && roll_->has_followed(), now);
  drains_->tick(member_.other_members(), *peers_);
  tell_waiting();
  look_at_freshness();
  if (now >= next_store_) {
    next_store_ = now + k_store;
    roll_->store_soon();
    lanes_.look_again();
  }
  if (now < next_look_) return;
  next_look_ = now + k_look;
  look_at_etcd();
  tell_of_differences();
  keep_house();
  if (member_.has_namesake()) {
    parts_.fatal("another node of this cluster has the name \"" + options_.name +
                 "\", and goes on: choose another [cluster] node");
  }
}

// Heartbeats that other nodes have heard move the leases that answers count their TTL by.
void Node::note_heard() {
  const Raw raw = boot_time();
  const registry::LeaseTime now = parts_.clock.now();
  const std::vector<Member::Heard> all = member_.take_heard();
  for (std::span<const Member::Heard> rest = all; !rest.empty();) {
    const std::span<const Member::Heard> some = rest.first(std::min(rest.size(), k_noted_at_once));
    rest = rest.subspan(some.size());
    known_.for_each_of(some, [&](const Member::Heard& heard, const KnownInstance& known) {
      if (known.ttl == milliseconds::zero()) return;
      parts_.registry.note_lease(known.key.ref(), now - (raw - heard.at) + known.ttl);
    });
  }
}

void Node::read_latest(std::move_only_function<void(std::optional<registry::ChangeIndex>)> reply) {
  parts_.run_soon([this, reply = std::move(reply)]() mutable { lanes_.read_latest(std::move(reply)); });
}

void Node::wait_for(registry::ChangeIndex index, std::move_only_function<void(bool)> reply) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({index, Steady::now() + k_everywhere_max, std::move(reply)});
}

void Node::tell_waiting() {
  std::vector<std::pair<std::move_only_function<void(bool)>, bool>> told;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return;
    const std::optional<Revision> applied = member_.applied_by_all();
    const Steady::time_point now = Steady::now();
    std::erase_if(waiting_, [&](Waiting& waiting) {
      const bool is_shown = applied && roll_->index_of(*applied) >= waiting.index;
      if (!is_shown && applied && now < waiting.until) return false;
      told.emplace_back(std::move(waiting.reply), is_shown);
      return true;
    });
  }
  for (auto& [reply, is_shown] : told) reply(is_shown);
}

// Answers are fresh while this node follows, has come up to etcd, and etcd has answered within the time that a session lasts.
bool Node::has_caught_up(const MemberState& member) {
  const Steady::time_point now = Steady::now();
  const std::int64_t contact = contact_ns_.load(std::memory_order_relaxed);
  const bool is_near = steady_ns() - contact < std::chrono::nanoseconds(k_session).count();
  const bool caught_up = catch_up_.look(
      {.in_touch = follower_->link() == Link::following && roll_->has_followed() && is_near && member.behind < k_behind,
       .contact = follower_->attempt(),
       .applied = roll_->applied(),
       .now = now});
  if (const auto number = catch_up_.question(now)) {
    engine_->read({.range = range_of_prefix(keys_.lanes()), .newest_only = true},
                  [this, number = *number](const Snapshot& lanes) {
                    std::optional<Revision> newest;
                    if (lanes.ok()) newest = lanes.keys.empty() ? 0 : lanes.keys.front().changed;
                    catch_up_.answered(number, newest);
                  });
  }
  return caught_up;
}

Freshness Node::freshness_now(const MemberState& member) {
  const std::int64_t now = steady_ns();
  if (has_caught_up(member)) {
    stale_since_ns_ = now;
    return Freshness::fresh;
  }
  const bool knows_roll = options_.has_copy || roll_->has_followed();
  const bool is_lately = now - stale_since_ns_ < std::chrono::nanoseconds(options_.stale_for).count();
  return knows_roll && is_lately ? Freshness::stale : Freshness::expired;
}

void Node::look_at_freshness() {
  const MemberState member = member_.state();
  const Freshness freshness = freshness_now(member);
  if (const Freshness before = freshness_.exchange(freshness); before != freshness) {
    parts_.freshness(freshness);
    if (freshness == Freshness::fresh) {
      log::info("answers are up to date with the cluster");
    } else if (freshness == Freshness::stale && before == Freshness::fresh) {
      log::warn("this node does not follow etcd: answers may be out of date, and nothing can be registered here");
    } else if (freshness == Freshness::expired) {
      log::error("etcd has not been reached for {} s: names of the roll are answered with SERVFAIL",
                 options_.stale_for / std::chrono::seconds(1));
    }
  }
  if (member.answers != std::exchange(said_member_, member.answers)) {
    if (member.answers) {
      log::info("node {} of cluster {} is a member, and answers heartbeats", options_.name, options_.cluster);
    } else {
      log::warn("node {} of cluster {} refuses heartbeats: {}", options_.name, options_.cluster, member.why_not);
    }
  }
  const Link link = follower_->link();
  if (link == std::exchange(said_link_, link)) return;
  if (link == Link::no_cluster) {
    log::error("etcd has no cluster \"{}\": start one node with --promote", options_.cluster);
  } else if (link == Link::other_history) {
    log::error(
        "etcd tells another history of cluster \"{}\" than this node has followed, as after the restore of a snapshot: "
        "it "
        "is taken over, and what lives and is not in it is registered again (docs/cluster.md)",
        options_.cluster);
  } else if (link == Link::unknown_version) {
    log::error("the keys of cluster \"{}\" are of a later version of rollcalld", options_.cluster);
  }
}

void Node::tell_of_differences() {
  std::vector<std::string> differing = member_.differing();
  if (differing == said_differing_) return;
  for (const std::string& name : differing) {
    if (std::ranges::find(said_differing_, name) != said_differing_.end()) continue;
    log::warn("the zone files or settings of node {} differ from those here: its answers may differ too", name);
  }
  if (differing.empty()) log::info("all nodes have the same zone files and settings again");
  said_differing_ = std::move(differing);
}

// After the sweep that has found it.
void Node::end_too_long(const registry::InstanceRef& key) {
  registry::InstanceKey instance{to_key(key.service), std::string(key.id)};
  parts_.run_soon([this, instance = std::move(instance)]() mutable {
    registry::End end{.key = std::move(instance), .reason = {}, .is_critical_too_long = true};
    // Refused, or too much waits: it is told again.
    static_cast<void>(agreed_->submit(std::move(end), [](const registry::Outcome&) {}));
    agreed_->propose_waiting(registry::wall_now());
  });
}

void Node::look_at_etcd() {
  engine_->look([this](EngineState state) {
    const std::lock_guard lock(mutex_);
    if (state.answered && state.has_leader) contact_ns_ = steady_ns();
    etcd_ = std::move(state);
  });
}

void Node::keep_house() {
  if (roll_->has_lost()) parts_.run_soon([this] { roll_->put_lost_again(); });
  if (!notifies() || keeps_house_.exchange(true)) return;
  parts_.run_soon([this] {
    Transaction transaction = roll_->housekeeping(keys_, options_.forget_service_after);
    if (transaction.puts.empty() && transaction.deletes.empty()) {
      keeps_house_ = false;
      return;
    }
    engine_->commit(std::move(transaction), [this](const Committed&) { keeps_house_ = false; });
  });
}

bool Node::notifies() const { return member_.is_first_member(); }

DrainAnswer Node::answer_drain(const DrainQuestion& question) const {
  DrainAnswer answer;
  if (roll_->applied() < question.revision) return answer;
  const std::optional<registry::ZoneId> zone = parts_.zones.find(question.zone);
  if (!zone) return {.is_applied = true};
  answer.is_applied = true;
  const rcu::ReadLock lock;
  const registry::Instance* instance = parts_.registry.find_instance({{*zone, question.service}, question.id});
  if (instance == nullptr || !instance->is_draining()) return answer;
  const registry::LeaseTime safe = instance->safe.get();
  if (safe == registry::LeaseTime::max()) return {};
  answer.safe_in = std::max(milliseconds::zero(), std::chrono::ceil<milliseconds>(safe - parts_.clock.now()));
  return answer;
}

void Node::leave() {
  member_.stop();
  for (const Steady::time_point until = Steady::now() + k_leave_max; !member_.has_left() && Steady::now() < until;) {
    std::this_thread::sleep_for(k_tick);
  }
  engine_->close_session(true);
}

void Node::end() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  engine_.reset();
  record_engine_.reset();
  roll_->store_now();
}

Node::State Node::state() const {
  State state;
  state.member = member_.state();
  state.link = follower_->link();
  state.freshness = freshness_;
  if (state.freshness != Freshness::fresh) {
    state.stale_since =
        std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(steady_ns() - stale_since_ns_));
  }
  state.ends_waiting = ends_.waiting();
  if (const std::shared_ptr<const RollDecoder> decoder = follower_->decoder()) {
    std::tie(state.ignored, state.ignored_count) = decoder->ignored(limits::k_ignored_rows_shown_max);
  }
  state.differing = member_.differing();
  state.others = member_.nodes();
  state.self = member_.self();
  state.index = roll_->index();
  const std::lock_guard lock(mutex_);
  state.etcd = etcd_;
  return state;
}

}  // namespace rollcall::cluster
