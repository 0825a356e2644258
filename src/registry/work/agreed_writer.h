// Writes changes to a registry that several nodes share: stages them here, commits them in the shared store, publishes
// them when they are followed, and only then reports the outcomes.
//
// Shape    each service has a lane, by its hash. A lane has one batch in flight, and a queue behind it: two changes of one
//          service on this node are staged in order, each against what the one before has left. A batch goes on like this:
//
//            waiting ─► proposed ─► recorded ─► followed: its outcomes are reported
//                          │  └────► refused, unknown: reported as they are; nothing is shown
//                          └───────► conflict ─► followed: staged anew, k_conflicts_max times at most
//
// Owner    the registry and the agreement outlive it, and no reply of the agreement comes after its end.
// Threads  writer thread only. A Reply must not block.
// Failure  in the outcome of each change. Each reply is called exactly once, unless the AgreedWriter ends before.
// Limits   k_queued_changes_max waiting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "registry/ports/agreement.h"
#include "registry/registry.h"
#include "registry/staged_batch.h"

namespace rollcall::registry {

class AgreedWriter {
 public:
  using Reply = std::move_only_function<void(Outcome)>;

  AgreedWriter(Registry& registry, Agreement& agreement, const TimeSource& clock);

  // False, and the reply is dropped uncalled: too many changes wait.
  [[nodiscard]] bool submit(Change change, Reply reply);

  // Stages and proposes what waits in lanes that are free. What needs no record is reported at once.
  void propose_waiting(WallTime wall_now);

  // Shows what is durable (Registry::follow), and reports the outcomes of what was proposed here and is among it.
  std::vector<Refused> follow(std::span<const DurableChange> changes, WallTime wall_now);

  // Changes that are not reported yet.
  [[nodiscard]] std::size_t unreported() const noexcept { return unreported_; }

 private:
  enum class State : std::uint8_t { free, proposed, recorded, conflict };
  struct Lane {
    std::deque<std::pair<Change, Reply>> queue;
    State state = State::free;
    std::vector<Change> changes;  // of the batch in flight
    std::vector<Reply> replies;   // likewise
    std::unique_ptr<StagedBatch> batch;
    Committed committed;           // once it is recorded
    ChangeIndex follow_up_to = 0;  // recorded, conflict: goes on when the roll has followed up to here
    std::size_t conflicts = 0;
  };

  void begin(Lane& lane, WallTime wall_now);
  void stage(Lane& lane, WallTime wall_now);
  void take(Lane& lane, Recorded recorded);
  void take_conflict(Lane& lane, const NotRecorded& conflict);
  void go_on(Lane& lane, WallTime wall_now);
  void report(Lane& lane, std::vector<Outcome> outcomes);

  Registry& registry_;
  Agreement& agreement_;
  const TimeSource& clock_;
  std::vector<Lane> lanes_;  // never grows: replies of the agreement point into it
  std::size_t unreported_ = 0;
};

}  // namespace rollcall::registry
