#include <charconv>
#include <sstream>

#include "support/cluster/sim_world.h"

namespace rollcall::cluster::testing {

using std::chrono::milliseconds;

namespace {

constexpr std::string_view k_roll = "roll/";
constexpr std::string_view k_node = "node/";
const std::string k_members = "members";

Duration ttl_of(const std::string& value) {
  std::int64_t ms = 0;
  std::from_chars(value.data(), value.data() + value.size(), ms);
  return milliseconds(ms);
}

NodeSeen node_of(const KeyValue& key) {
  NodeSeen node;
  node.name = key.key.substr(k_node.size());
  node.created = key.created;
  node.changed = key.changed;
  std::istringstream words(key.value);
  words >> node.incarnation >> node.is_member;
  for (std::string name; words >> name;) node.hears.push_back(name);
  return node;
}

}  // namespace

SimNode::SimNode(SimWorld& world, int number, std::uint64_t seed)
    : world_(world), number_(number), name_("n" + std::to_string(number)) {
  Random random(seed);
  rate_ = 1 + (random.unit() * 2 - 1) * world.options.drift;
  offset_ = std::chrono::seconds(100 + random.below(1'000));
  link.slow_network = world.options.slow_network;
}

Raw SimNode::raw() const {
  const auto passed = static_cast<double>(world_.time.now().count()) * rate_;
  return Raw{offset_ + Duration(static_cast<std::int64_t>(passed))};
}

Now SimNode::now() {
  const Raw here = raw();
  const Now pass = clock_->pass(here);
  return world_.options.rules.own ? pass : Now{here, Own{here.time_since_epoch()}};
}

NodeKeys SimNode::keys() const {
  return {std::string(k_node) + name_, "nodes/" + name_, k_members, "nothing/" + name_};
}

std::string SimNode::value(bool is_member) const {
  std::string text = std::to_string(liveness_->incarnation()) + (is_member ? " 1" : " 0");
  for (const std::string& name : liveness_->hears()) text += " " + name;
  return text;
}

std::string SimNode::nodes_value(bool is_in) const {
  std::string text = is_in ? "1" : "0";
  for (const auto end : unclean_.ends) text += " " + std::to_string(end.count());
  return text;
}

std::string SimNode::describe() {
  if (!alive_) return name_ + " is down";
  return (paused_ ? "stopped " : "") + (is_reading_ ? std::string("reads ") : std::string()) +
         liveness_->describe(now());
}

void SimNode::run(Job job) {
  if (!alive_) return;
  if (paused_) {
    held_.emplace_back(boots_, std::move(job));
  } else {
    job();
  }
}

void SimNode::every(Duration interval, void (SimNode::*what)()) {
  world_.time.after(interval, [this, boot = boots_, interval, what] {
    if (boot != boots_) return;
    run([this, interval, what] {
      every(interval, what);
      (this->*what)();
    });
  });
}

void SimNode::boot() {
  alive_ = true;
  paused_ = false;
  ++boots_;
  engine_ = std::make_shared<MemoryEngine>(world_.time, world_.store, world_.quorum, world_.random, link,
                                           [this, boot = boots_](Job job) {
                                             if (boot == boots_) run(std::move(job));
                                           });
  clock_ = std::make_unique<OwnClock>(raw());
  liveness_ = std::make_unique<Liveness>(LivenessOptions{name_, 2 * world_.options.drift, world_.options.rules}, now());
  liveness_->begin(world_.random.next(), {}, now());
  cluster_id_ = 0;
  is_reading_ = false;
  every(world_.options.poll, &SimNode::poll);
  every(world_.options.tick, &SimNode::tick);
  begin_incarnation();
}

// Everything is read, then the watch goes on from there.
void SimNode::begin_incarnation() {
  if (is_reading_) return;
  is_reading_ = true;
  waiting_.clear();
  if (engine_->lease() != 0) engine_->close_session(world_.random.below(2) == 0);  // nobody waits for what has given up
  engine_->read({.range = {std::string(1, '\0'), "\x7f"}}, [this](Snapshot snapshot) {
    is_reading_ = false;
    took_snapshot(std::move(snapshot), true);
  });
}

// A new incarnation that goes on where the watch is: what a node does that has not lost its place.
void SimNode::go_on_as_another() {
  if (is_reading_) return;
  waiting_.clear();
  engine_->close_session(world_.random.below(2) == 0);
  UncleanEnds unclean = unclean_;
  unclean.begin(std::chrono::duration_cast<std::chrono::seconds>(world_.time.now()));
  unclean_ = unclean;
  liveness_->begin(world_.random.next(), unclean_.wait(), now());
}

void SimNode::took_snapshot(Snapshot snapshot, bool begin) {
  if (!snapshot.ok()) {
    if (begin) return begin_incarnation();
    return ended(End::compacted);
  }
  // Another history: what this node was is void, and what it has heard is put again.
  if (!begin && (snapshot.header.cluster_id != cluster_id_ || snapshot.header.revision < liveness_->applied())) {
    begin = true;
    for (const InstanceId& id : liveness_->heard_within_ttl(now())) put_back(id.words[2]);
  }
  cluster_id_ = snapshot.header.cluster_id;
  RollSnapshot roll;
  roll.revision = snapshot.header.revision;
  UncleanEnds unclean;
  for (const KeyValue& key : snapshot.keys) {
    if (key.key.starts_with(k_roll)) {
      roll.instances.push_back({id_of(world_.instance_of(key.key)), ttl_of(key.value), key.changed});
    } else if (key.key.starts_with(k_node)) {
      roll.nodes.push_back(node_of(key));
    } else if (key.key == k_members) {
      roll.members = key.changed;
    } else if (key.key == keys().nodes) {
      std::istringstream words(key.value);
      words >> unclean.is_in;
      for (std::int64_t end = 0; words >> end;) unclean.ends.emplace_back(end);
    }
  }
  if (begin) {
    unclean_ = unclean;
    unclean_.begin(std::chrono::duration_cast<std::chrono::seconds>(world_.time.now()));
    engine_->close_session(world_.random.below(2) == 0);
    liveness_->begin(world_.random.next(), unclean_.wait(), now());
  }
  liveness_->read(roll, now());
  engine_->watch("", snapshot.header.revision + 1, weak_from_this());
}

// Guarded by its absence: who has it in the other history, or puts it back first, is left alone.
void SimNode::put_back(Instance instance) {
  const Time ttl = world_.verdicts.ttl(instance);
  engine_->commit(put_again(key_of(instance), 0, std::to_string(ttl / milliseconds(1))), [](const Committed&) {});
}

void SimNode::ended(End) {
  if (is_reading_) return;
  is_reading_ = true;
  engine_->read({.range = {std::string(1, '\0'), "\x7f"}}, [this](Snapshot snapshot) {
    is_reading_ = false;
    took_snapshot(std::move(snapshot), false);
  });
}

void SimNode::see(const RevisionEvents& events) {
  RollRevision changes;
  changes.revision = events.revision;
  for (const KeyEvent& event : events.events) {
    const std::string& key = event.now.key;
    if (key.starts_with(k_roll)) {
      const InstanceId id = id_of(world_.instance_of(key));
      if (event.deleted) {
        changes.ended.push_back(id);
      } else {
        changes.put.push_back({id, ttl_of(event.now.value), 0});
      }
    } else if (key.starts_with(k_node)) {
      if (event.deleted) {
        changes.nodes_gone.push_back(key.substr(k_node.size()));
      } else {
        changes.nodes.push_back(node_of(event.now));
      }
    } else if (key == k_members) {
      changes.members_put = true;
    }
  }
  liveness_->apply(changes, now());
  confirm_waiting();
}

void SimNode::poll() {
  for (SentPoll& sent : liveness_->polls(now())) {
    const int other = sent.to[1] - '0';
    if (!world_.arrives(number_, other)) continue;
    Time delay = world_.latency();
    if (duplicates != 0 && world_.random.below(5) == 0) delay += milliseconds(world_.random.below(5'000));
    world_.time.after(delay, [this, other, boot = boots_, sent = std::move(sent)]() mutable {
      SimNode& peer = *world_.nodes[static_cast<std::size_t>(other)];
      if (!world_.arrives(number_, other)) return;
      peer.run([this, &peer, other, boot, sent = std::move(sent)] {
        const PollAnswer answer = peer.hear_poll(sent.request);
        const int times = peer.duplicates != 0 && world_.random.below(3) == 0 ? 2 : 1;
        for (int i = 0; i < times; ++i) {
          const Time back = world_.latency() + (i == 0 ? Time{} : Time(milliseconds(world_.random.below(8'000))));
          world_.time.after(back, [this, other, boot, sent, answer] {
            if (boot != boots_ || !world_.arrives(other, number_)) return;
            run([this, sent, answer] { liveness_->take(sent, answer, now()); });
          });
        }
      });
    });
  }
}

void SimNode::tick() {
  confirm_waiting();
  act(liveness_->tick(now()));
}

void SimNode::act(const Actions& actions) {
  if (actions.give_up == GiveUp::stopped) return leave_down();
  if (actions.give_up != GiveUp::no) return world_.random.below(2) == 0 ? begin_incarnation() : go_on_as_another();
  if (actions.create_session) create_session();
  if (actions.prove) send_prove();
  if (actions.publish) send_publish();
  if (actions.join) send_join();
  if (actions.leave) send_leave();
  if (!actions.ends.empty()) send_ends(actions.ends);
}

void SimNode::create_session() {
  const Incarnation me = liveness_->incarnation();
  const auto created = [this, me](Committed committed) {
    if (liveness_->incarnation() != me) return;
    if (committed.outcome == CommitOutcome::applied) return liveness_->session_created(committed.header.revision);
    if (committed.outcome == CommitOutcome::differed && !committed.read.empty()) {
      const NodeSeen node = node_of(committed.read.front());
      if (node.incarnation == me) return liveness_->session_created(node.created);  // ours, of an unknown outcome
    }
    if (committed.outcome == CommitOutcome::refused)
      engine_->close_session(false);  // the lease is gone, or nothing fits
    liveness_->session_not_created(now());
  };
  const auto create = [this, me, created](bool granted) {
    if (liveness_->incarnation() != me) return;
    if (!granted) return liveness_->session_not_created(now());
    engine_->commit(cluster::create_session(keys(), value(false)), created);
  };
  if (engine_->lease() != 0) return create(true);
  engine_->open_session(create, [this] { liveness_->renewed(raw()); });
}

void SimNode::send_prove() {
  const Incarnation me = liveness_->incarnation();
  engine_->commit(prove(keys(), liveness_->session()), [this, me, sent = raw()](const Committed& committed) {
    if (liveness_->incarnation() != me) return;
    if (committed.outcome == CommitOutcome::applied) liveness_->proved(sent, committed.header.revision, now());
    if (committed.outcome == CommitOutcome::differed && world_.options.rules.linear) liveness_->proof_failed();
  });
}

void SimNode::send_publish() {
  const Incarnation me = liveness_->incarnation();
  engine_->commit(publish(keys(), liveness_->session(), liveness_->own_changed(), value(liveness_->is_member())),
                  [this, me](const Committed&) {
                    if (liveness_->incarnation() == me) liveness_->published();
                  });
}

void SimNode::send_join() {
  const Incarnation me = liveness_->incarnation();
  engine_->commit(join(keys(), liveness_->session(), liveness_->members(), value(true), nodes_value(true)),
                  [this, me](const Committed& committed) {
                    if (liveness_->incarnation() != me) return;
                    if (committed.outcome == CommitOutcome::applied) unclean_.is_in = true;
                    liveness_->join_settled(committed.outcome == CommitOutcome::applied);
                  });
}

void SimNode::send_leave() {
  const Incarnation me = liveness_->incarnation();
  engine_->commit(leave(keys(), liveness_->session(), liveness_->members(), nodes_value(false)),
                  [this, me](const Committed& committed) {
                    if (liveness_->incarnation() == me && committed.outcome == CommitOutcome::applied) leave_down();
                  });
}

void SimNode::send_ends(const std::vector<DueEnd>& ends) {
  for (const DueEnd& due : ends) {
    const GuardedEnd guarded{key_of(due.id.words[2]), due.revision};
    world_.verdicts.trace(due.id.words[2], world_.time.now(),
                          "end proposed at " + std::to_string(due.revision) + " " + describe());
    engine_->commit(end(keys(), liveness_->session(), liveness_->members(), {&guarded, 1}, world_.options.rules.fence),
                    [this, due](const Committed& committed) {
                      if (committed.outcome == CommitOutcome::differed) liveness_->end_differed(due);
                    });
  }
}

}  // namespace rollcall::cluster::testing
