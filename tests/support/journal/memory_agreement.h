// A shared store that answers when it likes: commits that come late, in another order than they were proposed, refused, or
// with an outcome that nobody learns; and a watch that lags behind, and repeats itself.
//
// Threads  one at a time. Nothing happens but in `step` and `deliver`.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "base/random.h"
#include "registry/ports/agreement.h"
#include "support/journal/shared_roll.h"

namespace rollcall::registry::testing {

struct Faults {
  std::uint32_t refused_in_100 = 0;
  std::uint32_t unknown_in_100 = 0;    // half of them are committed
  std::uint32_t repeated_in_100 = 20;  // of the deliveries of the watch
};

class MemoryAgreement final : public Agreement {
 public:
  MemoryAgreement(SharedRoll& roll, std::size_t lanes, Random& random, const Faults& faults)
      : roll_(roll), random_(random), faults_(faults), in_flight_(lanes) {}

  [[nodiscard]] std::size_t lanes() const override { return in_flight_.size(); }
  [[nodiscard]] std::size_t changes_max() const override { return 5; }
  [[nodiscard]] std::size_t zones_max() const override { return 2; }
  void propose(std::size_t lane, const Transaction& transaction, Reply reply) override;
  void read_latest(LatestReply reply) override;

  // Something happens to one of the proposals: it arrives, or its outcome is told; or a reading is answered. False: there is
  // none.
  bool step();
  // Some of what the watch has not told yet; at times what it told before, again.
  [[nodiscard]] std::vector<DurableChange> deliver();
  [[nodiscard]] bool has_more() const { return delivered_ < roll_.log().size(); }

  std::uint64_t proposals = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t readings = 0;

 private:
  struct Proposal {
    OwnedTransaction transaction;
    Reply reply;
    std::optional<Recorded> outcome;  // decided, and not told yet
  };
  void decide(Proposal& proposal);

  SharedRoll& roll_;
  Random& random_;
  Faults faults_;
  std::vector<std::optional<Proposal>> in_flight_;  // by lane
  std::deque<LatestReply> readings_;                // not answered yet
  std::size_t delivered_ = 0;                       // of the log
};

// The same store as a Journal that answers at once. Whoever records while the roll is behind is told what is newer.
class MemorySharedJournal final : public Journal {
 public:
  MemorySharedJournal(SharedRoll& roll, Random& random, const Faults& faults)
      : roll_(roll), random_(random), faults_(faults) {}

  [[nodiscard]] Recorded record(Transaction& transaction) override;
  [[nodiscard]] ChangeIndex take_index() override { return roll_.take_index(); }
  void go_on_after(ChangeIndex index, EventId event) override { roll_.go_on_after(index, event); }

  // What the roll does not show yet.
  [[nodiscard]] std::vector<DurableChange> take_newer();

  std::uint64_t conflicts = 0;

 private:
  SharedRoll& roll_;
  Random& random_;
  Faults faults_;
  std::size_t shown_ = 0;  // of the log
};

}  // namespace rollcall::registry::testing
