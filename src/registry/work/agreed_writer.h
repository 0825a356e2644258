// Writes changes to a registry that several nodes share: stages them here, commits them in the shared store, publishes
// them when they are followed, and only then reports the outcomes.
//
// Shape    each service has a lane, by its hash. A lane has one batch in flight, and a queue behind it: two changes of one
//          service on this node are staged in order, each against what the one before has left. A batch goes on like this:
//
//            waiting ─► staged ─► proposed ─► recorded ─► followed ─► confirmed: its outcomes are reported
//                        │  ▲        │  └───► refused, unknown: reported as they are; nothing is shown
//                        │  └────────┴──────► conflict ─► followed: staged anew, k_conflicts_max times at most
//                        └─► reading ─► followed: staged anew, once a batch
//
//          A batch that has too many octets for the store is staged anew in halves.
//
//          reading: this node may be behind, so that an instance is unknown, or a change changes nothing, is only said when
//          the roll here is as new as the store. confirmed: by the LeaseAuthority, where a lease begins anew.
// Owner    the registry and the agreement outlive it, and no reply of the agreement comes after its end.
// Threads  writer thread only, but `unreported`. A Reply must not block.
// Failure  in the outcome of each change. Each reply is called exactly once, unless the AgreedWriter ends before.
// Limits   k_queued_changes_max waiting.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "registry/ports/agreement.h"
#include "registry/ports/lease_authority.h"
#include "registry/registry.h"
#include "registry/staged_batch.h"

namespace rollcall::registry {

class AgreedWriter {
 public:
  using Reply = std::move_only_function<void(Outcome)>;
  // Told of each batch that was committed: how long it took until its outcomes were known, and how many changes it had.
  using Meter = std::move_only_function<void(LeaseTime::duration took, std::size_t changes)>;

  AgreedWriter(Registry& registry, Agreement& agreement, const TimeSource& clock);

  // False, and the reply is dropped uncalled: too many changes wait, or it has stopped.
  [[nodiscard]] bool submit(Change change, Reply reply);

  // Stages and proposes what waits in lanes that are free. What needs no record is reported at once, and so is everything
  // while the LeaseAuthority accepts no changes.
  void propose_waiting(WallTime wall_now);

  // Shows what is durable (Registry::follow). The outcomes of what was proposed here and is among it follow by `go_on`, when
  // everybody else who must know of it does.
  std::vector<Refused> follow(std::span<const DurableChange> changes, WallTime wall_now);
  void go_on(WallTime wall_now);

  // Answers everything that is not reported yet: what is in flight may still be committed, and is not waited for.
  void stop();

  // Changes that are not reported yet. Any thread.
  [[nodiscard]] std::size_t unreported() const noexcept { return unreported_.load(std::memory_order_relaxed); }

  void set_meter(Meter meter) { meter_ = std::move(meter); }

 private:
  enum class State : std::uint8_t { free, reading, read, proposed, recorded, conflict };
  struct Lane {
    std::deque<std::pair<Change, Reply>> queue;
    State state = State::free;
    std::vector<Change> changes;  // of the batch in flight
    std::vector<Reply> replies;   // likewise
    std::unique_ptr<StagedBatch> batch;
    LeaseTime begun_at{};
    bool is_read = false;          // the roll is as new as the store was when the batch began
    LeaseAuthority::Sent sent{};   // when it was proposed
    Committed committed;           // once it is recorded
    ChangeIndex follow_up_to = 0;  // read, recorded, conflict: goes on when the roll has followed up to here
    std::size_t conflicts = 0;
  };

  [[nodiscard]] bool accepts_changes() const;
  void begin(Lane& lane, WallTime wall_now);
  void stage(Lane& lane, WallTime wall_now);
  void read(Lane& lane);
  void propose(Lane& lane);
  void take(Lane& lane, Recorded recorded);
  void take_conflict(Lane& lane, const NotRecorded& conflict);
  void halve(Lane& lane);
  void go_on(Lane& lane, WallTime wall_now);
  void conclude(Lane& lane);
  void refuse_waiting(Lane& lane);
  void report(Lane& lane, std::vector<Outcome> outcomes);
  void report_all(Lane& lane, const Error& why);

  Registry& registry_;
  Agreement& agreement_;
  const TimeSource& clock_;
  Meter meter_;
  std::vector<Lane> lanes_;  // never grows: replies of the agreement point into it
  std::atomic<std::size_t> unreported_ = 0;
  bool is_stopped_ = false;
};

}  // namespace rollcall::registry
