#include "registry/work/agreed_writer.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::registry {
namespace {

Error not_in_charge() {
  return {Errc::not_in_charge, "this node cannot change the roll now, nothing was done: ask another node"};
}

Error not_in_time() {
  return {Errc::not_in_charge,
          "the change was stored, but too late for this node to promise its lease: send it again, to another node"};
}

Error no_answer() { return {Errc::store_busy, "the shared store does not answer, nothing was done: try again"}; }

Error stopping() {
  return {Errc::not_in_charge, "this node stops, and does not wait for the outcome: send it again, to another node"};
}

// Whether the outcome comes from the roll as it is here, which may be behind.
bool speaks_of_the_roll(const Outcome& outcome) {
  if (outcome) return true;
  const Errc code = outcome.error().code;
  return code == Errc::unknown_instance || code == Errc::unknown_service || code == Errc::conflict;
}

// Whether any outcome that no record waits for does.
bool has_unread_outcome(const StagedBatch& batch) {
  for (std::size_t i = 0; i < batch.outcomes.size(); ++i) {
    const bool waits = std::ranges::binary_search(batch.waiting, i);
    if (!waits && speaks_of_the_roll(batch.outcomes[i])) return true;
  }
  return false;
}

}  // namespace

AgreedWriter::AgreedWriter(Registry& registry, Agreement& agreement, const TimeSource& clock)
    : registry_(registry), agreement_(agreement), clock_(clock), lanes_(agreement.lanes()) {
  check(!lanes_.empty() && agreement.changes_max() > 0 && agreement.zones_max() > 0, "a shared store takes changes");
}

bool AgreedWriter::accepts_changes() const {
  return registry_.authority() == nullptr || registry_.authority()->accepts_changes();
}

bool AgreedWriter::submit(Change change, Reply reply) {
  if (is_stopped_ || unreported() >= limits::k_queued_changes_max) return false;
  Lane& lane = lanes_[hash_of(key_of(change).service.ref()) % lanes_.size()];
  lane.queue.emplace_back(std::move(change), std::move(reply));
  unreported_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void AgreedWriter::propose_waiting(WallTime wall_now) {
  for (Lane& lane : lanes_) {
    go_on(lane, wall_now);
    if (!accepts_changes()) refuse_waiting(lane);
    while (lane.state == State::free && !lane.queue.empty()) {
      begin(lane, wall_now);
      go_on(lane, wall_now);
    }
  }
}

// Nothing of them was proposed; what is in flight has its outcome later.
void AgreedWriter::refuse_waiting(Lane& lane) {
  auto refused = std::exchange(lane.queue, {});
  unreported_.fetch_sub(refused.size(), std::memory_order_relaxed);
  for (auto& [change, reply] : refused) reply(std::unexpected(not_in_charge()));
}

void AgreedWriter::begin(Lane& lane, WallTime wall_now) {
  check(lane.state == State::free && lane.changes.empty(), "a lane has one batch in flight");
  lane.conflicts = 0;
  lane.is_read = false;
  lane.begun_at = clock_.now();
  std::set<ZoneId> zones;
  while (!lane.queue.empty() && lane.changes.size() < agreement_.changes_max()) {
    auto& [change, reply] = lane.queue.front();
    zones.insert(key_of(change).service.zone);
    if (zones.size() > agreement_.zones_max()) break;
    lane.changes.push_back(std::move(change));
    lane.replies.push_back(std::move(reply));
    lane.queue.pop_front();
  }
  stage(lane, wall_now);
}

void AgreedWriter::stage(Lane& lane, WallTime wall_now) {
  if (!accepts_changes()) return report_all(lane, not_in_charge());
  lane.batch = registry_.stage(lane.changes, clock_.now(), wall_now);
  if (!lane.is_read && has_unread_outcome(*lane.batch)) return read(lane);
  if (lane.batch->needs_record()) return propose(lane);
  report(lane, std::move(lane.batch->outcomes));
}

void AgreedWriter::read(Lane& lane) {
  lane.batch->stage.undo_early_ends();
  lane.batch.reset();
  lane.state = State::reading;
  agreement_.read_latest([this, &lane](std::optional<ChangeIndex> latest) {
    if (is_stopped_) return;
    check(lane.state == State::reading, "a reading has one answer");
    if (!latest) return report_all(lane, no_answer());
    lane.state = State::read;
    lane.is_read = true;
    lane.follow_up_to = *latest;
  });
}

void AgreedWriter::propose(Lane& lane) {
  lane.state = State::proposed;
  if (registry_.authority() != nullptr) lane.sent = registry_.authority()->now();
  const auto number = static_cast<std::size_t>(&lane - lanes_.data());
  agreement_.propose(number, lane.batch->transaction,
                     [this, &lane](Recorded recorded) { take(lane, std::move(recorded)); });
}

void AgreedWriter::take(Lane& lane, Recorded recorded) {
  check(lane.state == State::proposed, "a proposal has one outcome");
  if (is_stopped_) return;
  if (!recorded) {
    const NotRecorded& failed = recorded.error();
    if (failed.reason == NotRecorded::Reason::conflict) return take_conflict(lane, failed);
    if (failed.reason == NotRecorded::Reason::split && lane.changes.size() > 1) return halve(lane);
    return report(lane, registry_.give_up(*lane.batch, failed));
  }
  check(recorded->first_index > 0 && recorded->last_index >= recorded->first_index, "a commit has indexes");
  lane.state = State::recorded;
  lane.committed = *recorded;
  lane.follow_up_to = recorded->last_index;
}

// Staged anew when the roll has learned what was in the way.
void AgreedWriter::take_conflict(Lane& lane, const NotRecorded& conflict) {
  check(!conflict.conflicts.empty(), "a conflict names the changes it is about");
  if (++lane.conflicts > limits::k_conflicts_max) return report(lane, registry_.give_up(*lane.batch, conflict));
  lane.batch->stage.undo_early_ends();
  lane.batch.reset();
  lane.state = State::conflict;
  lane.follow_up_to = conflict.follow_up_to;
}

// Too much for one transaction: the second half waits in front of the others.
void AgreedWriter::halve(Lane& lane) {
  lane.batch->stage.undo_early_ends();
  lane.batch.reset();
  for (const std::size_t kept = lane.changes.size() / 2; lane.changes.size() > kept;) {
    lane.queue.emplace_front(std::move(lane.changes.back()), std::move(lane.replies.back()));
    lane.changes.pop_back();
    lane.replies.pop_back();
  }
  lane.state = State::conflict;
  lane.follow_up_to = 0;
}

std::vector<Refused> AgreedWriter::follow(std::span<const DurableChange> changes, WallTime wall_now) {
  return registry_.follow(changes, clock_, wall_now);
}

void AgreedWriter::go_on(WallTime wall_now) {
  for (Lane& lane : lanes_) go_on(lane, wall_now);
}

// The agreement may answer at once: a batch goes on as far as it can.
void AgreedWriter::go_on(Lane& lane, WallTime wall_now) {
  const auto can_go_on = [&] {
    const bool follows = lane.state == State::read || lane.state == State::recorded || lane.state == State::conflict;
    return !is_stopped_ && follows && registry_.followed() >= lane.follow_up_to;
  };
  while (can_go_on()) {
    if (lane.state == State::recorded) {
      conclude(lane);
    } else {
      stage(lane, wall_now);
    }
  }
}

// Whoever is told that a lease begins anew is held against every other node from now on: the authority agrees, or the client
// is told that nothing is certain.
void AgreedWriter::conclude(Lane& lane) {
  std::vector<Outcome> outcomes = registry_.conclude(*lane.batch, lane.committed, clock_.now());
  if (LeaseAuthority* authority = registry_.authority()) {
    for (const std::size_t i : lane.batch->renewals) {
      Outcome& outcome = outcomes[i];
      if (!outcome) continue;
      const InstanceRef key = key_of(lane.changes[i]).ref();
      const bool is_confirmed = authority->confirm(key, outcome->index, lane.sent) == LeaseAuthority::Verdict::renewed;
      if (!is_confirmed) outcome = std::unexpected(not_in_time());
    }
  }
  if (meter_) meter_(clock_.now() - lane.begun_at, outcomes.size());
  report(lane, std::move(outcomes));
}

void AgreedWriter::report(Lane& lane, std::vector<Outcome> outcomes) {
  check(outcomes.size() == lane.replies.size(), "each change has one outcome");
  // Free before the replies: they may submit.
  std::vector<Reply> replies = std::exchange(lane.replies, {});
  lane.batch.reset();
  lane.changes.clear();
  lane.state = State::free;
  check(unreported() >= replies.size(), "what is reported was submitted");
  unreported_.fetch_sub(replies.size(), std::memory_order_relaxed);
  for (std::size_t i = 0; i < replies.size(); ++i) replies[i](std::move(outcomes[i]));
}

void AgreedWriter::report_all(Lane& lane, const Error& why) {
  report(lane, std::vector<Outcome>(lane.replies.size(), Outcome(std::unexpected(why))));
}

// A batch that was proposed stays where it is: the agreement borrows its transaction until it replies.
void AgreedWriter::stop() {
  is_stopped_ = true;
  std::vector<Reply> replies;
  for (Lane& lane : lanes_) {
    std::ranges::move(std::exchange(lane.replies, {}), std::back_inserter(replies));
    for (auto& [change, reply] : std::exchange(lane.queue, {})) replies.push_back(std::move(reply));
  }
  unreported_.store(0, std::memory_order_relaxed);
  for (Reply& reply : replies) reply(std::unexpected(stopping()));
}

}  // namespace rollcall::registry
