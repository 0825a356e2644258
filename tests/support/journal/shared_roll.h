// A roll in memory that several write to, as a shared store would keep it: what is durable, and everything that has become
// so, in order.
//
// Shape    the newest version of each instance, and a log of durable changes. Each commit compares what it was staged
//          against, as a guarded transaction does.
// Threads  one at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/ports/journal.h"

namespace rollcall::registry::testing {

// A transaction that outlives what it borrowed from.
struct OwnedTransaction {
  explicit OwnedTransaction(const Transaction& transaction);

  struct Put {
    InstanceRecord record;
  };
  std::vector<InstanceRecord> puts;
  std::vector<std::pair<InstanceKey, ChangeIndex>> removals;  // with the index that is replaced
  std::vector<Event> events;
  std::uint64_t changes = 0;
};

class SharedRoll {
 public:
  enum class Indexes : std::uint8_t { one_each, one_for_all };  // of the changes of a transaction

  explicit SharedRoll(Indexes indexes) : indexes_(indexes) {}

  // All or nothing; a conflict names what has changed since the transaction was staged.
  Recorded commit(const OwnedTransaction& transaction);
  // A change of another node: it has seen the newest version. Without a registration: the instance leaves.
  void change_elsewhere(const InstanceKey& key, const std::optional<Registration>& registration, std::string by);
  ChangeIndex take_index() { return ++index_; }
  void go_on_after(ChangeIndex index, EventId event);

  [[nodiscard]] const std::vector<DurableChange>& log() const { return log_; }
  [[nodiscard]] ChangeIndex index() const { return index_; }
  [[nodiscard]] EventId last_event() const { return last_event_; }
  // The index of the last change of the instance; 0: it is not there.
  [[nodiscard]] ChangeIndex index_of(const InstanceKey& key) const;

 private:
  [[nodiscard]] std::optional<NotRecorded> find_conflict(const OwnedTransaction& transaction) const;
  void apply(DurableChange change);

  const Indexes indexes_;
  std::map<InstanceKey, ChangeIndex> present_;
  std::map<InstanceKey, ChangeIndex> changed_;  // those that have left too
  std::vector<DurableChange> log_;
  ChangeIndex index_ = 0;
  EventId last_event_ = 0;
};

}  // namespace rollcall::registry::testing
