#include <string>
#include <utility>
#include <vector>

#include "support/cluster/sim_world.h"

namespace rollcall::cluster::testing {

using std::chrono::milliseconds;

// ---------------------------------------------------------------- what clients ask

void SimNode::answered(Instance instance, const Answer& answer, const char* how) {
  world_.verdicts.answered(instance, world_.store.has(key_of(instance)), world_.time.now(), name_ + how);
  answer(Verdict::answer);
}

void SimNode::beat(Instance instance, Answer answer) {
  run([this, instance, answer = std::move(answer)]() mutable {
    const Beat beat = liveness_->heartbeat(id_of(instance), now());
    if (beat.verdict == Verdict::answer) return answered(instance, answer, " heard it");
    if (beat.verdict != Verdict::put_first) return answer(beat.verdict);
    ++world_.verdicts.counts.put;
    const Raw sent = raw();
    const Time ttl = world_.verdicts.ttl(instance);
    engine_->commit(put_again(key_of(instance), beat.revision, std::to_string(ttl / milliseconds(1))),
                    [this, instance, sent, answer = std::move(answer)](const Committed& committed) {
                      if (committed.outcome != CommitOutcome::applied) return answer(Verdict::refuse);
                      confirm({instance, committed.header.revision, sent, answer});
                    });
  });
}

void SimNode::put(Instance instance, Time ttl, Answer answer) {
  run([this, instance, ttl, answer = std::move(answer)]() mutable {
    if (!liveness_->may_answer(now())) return answer(Verdict::refuse);
    const Raw sent = raw();
    // Guarded as every write is (a late one must not undo a later one): by what is there now.
    const std::string key = key_of(instance);
    Transaction transaction = put_again(key, world_.store.changed(key), std::to_string(ttl / milliseconds(1)));
    engine_->commit(std::move(transaction),
                    [this, instance, sent, answer = std::move(answer)](const Committed& committed) {
                      if (committed.outcome != CommitOutcome::applied) return answer(Verdict::refuse);
                      confirm({instance, committed.header.revision, sent, answer});
                    });
  });
}

void SimNode::deregister(Instance instance, std::function<void(bool)> answer) {
  // What the client means is what is there when it asks, also when a stopped node reads that later.
  run([this, guarded = GuardedEnd{key_of(instance), world_.store.changed(key_of(instance))},
       answer = std::move(answer)]() mutable {
    engine_->commit(end(keys(), liveness_->session(), liveness_->members(), {&guarded, 1}, false),
                    [answer = std::move(answer)](const Committed& committed) {
                      answer(committed.outcome == CommitOutcome::applied);
                    });
  });
}

void SimNode::confirm(Waiting waiting) {
  const Verdict verdict = liveness_->confirm(id_of(waiting.instance), waiting.revision, waiting.sent, now());
  if (verdict == Verdict::answer) return answered(waiting.instance, waiting.answer, " put it");
  if (verdict != Verdict::wait) return waiting.answer(Verdict::refuse);
  waiting_.push_back(std::move(waiting));
}

void SimNode::confirm_waiting() {
  if (waiting_.empty()) return;
  std::vector<Waiting> waiting;
  waiting.swap(waiting_);
  for (Waiting& one : waiting) confirm(std::move(one));
}

// ---------------------------------------------------------------- faults

void SimNode::pause(Time length) {
  if (!runs()) return;
  paused_ = true;
  world_.time.after(length, [this, boot = boots_] {
    if (boot != boots_) return;
    paused_ = false;
    std::vector<std::pair<std::uint64_t, Job>> held;
    held.swap(held_);
    // In any order: sockets and timers do not tell each other who was first.
    for (std::size_t i = held.size(); i > 1; --i)
      std::swap(held[i - 1], held[world_.random.below(static_cast<std::uint32_t>(i))]);
    for (auto& [of, job] : held) {
      if (of == boots_) run(std::move(job));
    }
  });
}

void SimNode::kill(Time down) {
  if (!alive_) return;
  alive_ = paused_ = false;
  ++boots_;
  held_.clear();
  waiting_.clear();
  engine_->close_session(false);
  engine_->watch("", 0, {});
  liveness_.reset();
  world_.time.after(down, [this] { boot(); });
}

void SimNode::stop(Time down) {
  if (!runs() || !liveness_->is_member()) return;
  down_after_stop_ = down;
  liveness_->stop(now());
}

void SimNode::leave_down() {
  if (world_.random.below(2) == 0) engine_->close_session(true);
  // The node's own stack is still in use.
  world_.time.after({}, [this, boot = boots_] {
    if (boot == boots_) kill(down_after_stop_);
  });
}

}  // namespace rollcall::cluster::testing
