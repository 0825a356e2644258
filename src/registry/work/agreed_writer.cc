#include "registry/work/agreed_writer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::registry {

AgreedWriter::AgreedWriter(Registry& registry, Agreement& agreement, const TimeSource& clock)
    : registry_(registry), agreement_(agreement), clock_(clock), lanes_(agreement.lanes()) {
  check(!lanes_.empty() && agreement.changes_max() > 0, "a shared store takes changes");
}

bool AgreedWriter::submit(Change change, Reply reply) {
  if (unreported_ >= limits::k_queued_changes_max) return false;
  Lane& lane = lanes_[hash_of(key_of(change).service.ref()) % lanes_.size()];
  lane.queue.emplace_back(std::move(change), std::move(reply));
  ++unreported_;
  return true;
}

void AgreedWriter::propose_waiting(WallTime wall_now) {
  for (Lane& lane : lanes_) {
    go_on(lane, wall_now);
    while (lane.state == State::free && !lane.queue.empty()) begin(lane, wall_now);
  }
}

void AgreedWriter::begin(Lane& lane, WallTime wall_now) {
  check(lane.state == State::free && lane.changes.empty(), "a lane has one batch in flight");
  lane.conflicts = 0;
  while (!lane.queue.empty() && lane.changes.size() < agreement_.changes_max()) {
    auto& [change, reply] = lane.queue.front();
    lane.changes.push_back(std::move(change));
    lane.replies.push_back(std::move(reply));
    lane.queue.pop_front();
  }
  stage(lane, wall_now);
}

void AgreedWriter::stage(Lane& lane, WallTime wall_now) {
  lane.batch = registry_.stage(lane.changes, clock_.now(), wall_now);
  if (!lane.batch->needs_record()) {
    report(lane, std::move(lane.batch->outcomes));
    return;
  }
  lane.state = State::proposed;
  const auto number = static_cast<std::size_t>(&lane - lanes_.data());
  agreement_.propose(number, lane.batch->transaction,
                     [this, &lane](Recorded recorded) { take(lane, std::move(recorded)); });
}

void AgreedWriter::take(Lane& lane, Recorded recorded) {
  check(lane.state == State::proposed, "a proposal has one outcome");
  if (!recorded) {
    const NotRecorded& failed = recorded.error();
    if (failed.reason == NotRecorded::Reason::conflict) return take_conflict(lane, failed);
    return report(lane, registry_.give_up(*lane.batch, failed));
  }
  check(recorded->first_index > 0 && recorded->last_index >= recorded->first_index, "a commit has indexes");
  lane.state = State::recorded;
  lane.committed = *recorded;
  lane.follow_up_to = recorded->last_index;
  if (registry_.followed() >= lane.follow_up_to) {
    report(lane, registry_.conclude(*lane.batch, lane.committed, clock_.now()));
  }
}

// Staged anew by the next `follow` or `propose_waiting` after the roll has learned what was in the way.
void AgreedWriter::take_conflict(Lane& lane, const NotRecorded& conflict) {
  check(!conflict.conflicts.empty(), "a conflict names the changes it is about");
  if (++lane.conflicts > limits::k_conflicts_max) return report(lane, registry_.give_up(*lane.batch, conflict));
  lane.batch->stage.undo_early_ends();
  lane.batch.reset();
  lane.state = State::conflict;
  lane.follow_up_to = conflict.follow_up_to;
}

std::vector<Refused> AgreedWriter::follow(std::span<const DurableChange> changes, WallTime wall_now) {
  std::vector<Refused> refused = registry_.follow(changes, clock_, wall_now);
  for (Lane& lane : lanes_) go_on(lane, wall_now);
  return refused;
}

void AgreedWriter::go_on(Lane& lane, WallTime wall_now) {
  if (registry_.followed() < lane.follow_up_to) return;
  if (lane.state == State::recorded) report(lane, registry_.conclude(*lane.batch, lane.committed, clock_.now()));
  if (lane.state == State::conflict) stage(lane, wall_now);
}

void AgreedWriter::report(Lane& lane, std::vector<Outcome> outcomes) {
  check(outcomes.size() == lane.replies.size(), "each change has one outcome");
  // Free before the replies: they may submit.
  std::vector<Reply> replies = std::exchange(lane.replies, {});
  lane.batch.reset();
  lane.changes.clear();
  lane.state = State::free;
  check(unreported_ >= replies.size(), "what is reported was submitted");
  unreported_ -= replies.size();
  for (std::size_t i = 0; i < replies.size(); ++i) replies[i](std::move(outcomes[i]));
}

}  // namespace rollcall::registry
