// Where the roll is kept: what one commit writes, what comes of it, and the port of the room that writes it.
//
// Shape    the registry stages changes, and makes a Transaction of them; a Journal records it, all or nothing, and says at
//          which indexes; then the registry shows what is recorded. Staged changes carry their place in the transaction
//          instead of an index (`staged_index`): only who commits knows the order of commits.
// Threads  a Journal is called by the writer thread alone.
// Source   interface.md §2 (indexes).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "registry/events/event.h"
#include "registry/instance/instance.h"
#include "registry/ports/durable_change.h"

namespace rollcall::registry {

// The index of the n-th change of a transaction (1, 2 …) before the journal has given it one: in the upper half of the
// numbers, where no index is. It is never stored, shown or told.
inline constexpr ChangeIndex k_staged_index = ChangeIndex{1} << 63;
[[nodiscard]] constexpr ChangeIndex staged_index(std::uint64_t n) { return k_staged_index + n; }
[[nodiscard]] constexpr bool is_staged(ChangeIndex index) { return index > k_staged_index; }

// A service as it is made durable. `emptied_at`: since when it has had no instance. `index`, when it is restored: 0 where
// the service may have changed since its last index was given out.
struct ServiceRecord {
  ServiceKey key;
  ChangeIndex index = 0;
  ProtocolSet protocols = 0;
  std::optional<WallTime> emptied_at;
};

// An instance as it is made durable. The lease is not: it lives in memory, and starts anew after a restart.
struct InstanceRecord {
  Registration registration;
  Standing standing = {};
  ChangeIndex index = 0;
  WallTime registered_at;
  // What follows is not stored.
  // Whether the change that made it begins the lease anew, and which version its checks judge. A restart begins both.
  bool renews_lease = true;
  std::optional<CheckedSince> checked_since = std::nullopt;
  // Of a stored row that somebody has edited since it was on the roll: which edit that was. Such a row comes after the
  // others, in the order of the edits. Zero: nobody has.
  std::int64_t edit = 0;
  // The index of the version it replaces on the roll; 0: there is none. A shared store compares it.
  ChangeIndex replaces = 0;
  LeaseHolder lease_holder = LeaseHolder::this_node;
  // Of a stored row: until when the server was running that stored it, as far as is known.
  WallTime stored_at{};
};

// An instance that leaves. `replaces` as above.
struct RemovedInstance : InstanceRef {
  RemovedInstance(const InstanceRef& key,
                  ChangeIndex replaced = 0)  // NOLINT(google-explicit-constructor): a key is enough
      : InstanceRef(key), replaces(replaced) {}
  ChangeIndex replaces;
};

// An instance that a rule keeps off the roll (rules.h), whose row stays where it is.
struct Refused {
  InstanceKey key;
  std::string sentence;
};

// At which indexes a transaction is committed, and under which numbers its events are.
//
// Shape    its changes have the indexes first, first + 1 … last. A store that gives one index to a whole transaction says
//          the same for both.
struct Committed {
  ChangeIndex first_index = 0;
  ChangeIndex last_index = 0;
  EventId first_event = 0;

  // The index of a staged change. Any other index stays as it is.
  [[nodiscard]] ChangeIndex index_of(ChangeIndex index) const;
  [[nodiscard]] CheckedSince since(CheckedSince staged) const;
};

// What one commit writes, all or nothing; in this order: removals, then services, then instances, then forgotten
// services. Borrows from what it was staged in, until its outcome is known.
struct Transaction {
  std::vector<RemovedInstance> removed;        // rows that may or may not be there
  std::vector<ServiceRecord> services;         // inserted or replaced
  std::vector<InstanceRecord*> instances;      // inserted or replaced
  std::vector<ServiceRef> forgotten;           // services without instances
  std::vector<const Refused*> set_aside;       // no longer on the roll; their rows stay
  std::vector<std::shared_ptr<Event>> events;  // in order
  std::uint64_t changes = 0;                   // how many take an index
  ChangeIndex index = 0;                       // at least so high an index has been given out
  EventId last_event = 0;                      // and so high a number of an event

  // Replaces staged indexes by those of the commit, and numbers the events that have no number. Does nothing to what has
  // one already.
  void number(const Committed& committed);
};

// Why a transaction is not recorded.
struct NotRecorded : Error {
  enum class Reason : std::uint8_t {
    refused,   // nothing of it is durable. Errc::store_busy: trying again may help soon; Errc::store_failed: it may not
    conflict,  // nothing of it is durable: somebody else has changed what it was staged against
    unknown,   // nobody can say. Nothing of it is shown; if it is durable after all, `Registry::follow` is told of it
  };

  NotRecorded(Error error, Reason why = Reason::refused)  // NOLINT(google-explicit-constructor): an Error is a refusal
      : Error(std::move(error)), reason(why) {}

  Reason reason;
  // Of a conflict: the instances whose changes met another change, and the index up to which the roll must have followed
  // before they are staged anew.
  std::vector<InstanceKey> conflicts = {};
  ChangeIndex follow_up_to = 0;
  // The durable changes that the roll does not show yet, where the journal has them at hand; in order.
  std::vector<DurableChange> newer = {};
};

using Recorded = std::expected<Committed, NotRecorded>;

// Where the roll is kept. Its outcome is known when `record` returns; a store that answers later is an Agreement.
class Journal {
 public:
  virtual ~Journal() = default;

  // Durable when it returns indexes; on failure nothing of the transaction is, unless the reason says otherwise.
  [[nodiscard]] virtual Recorded record(Transaction& transaction) = 0;

  // The index of a change that is visible before it is durable, because no answer may outlive a lease: its end.
  [[nodiscard]] virtual ChangeIndex take_index() = 0;

  // Indexes and numbers that are given from here on are higher than these.
  virtual void go_on_after(ChangeIndex index, EventId event) = 0;
};

// A journal of one process, which nobody else writes to: it counts indexes and events one by one. A failed write takes
// none.
class CountingJournal : public Journal {
 public:
  [[nodiscard]] Recorded record(Transaction& transaction) final;
  [[nodiscard]] ChangeIndex take_index() final { return ++last_index_; }
  void go_on_after(ChangeIndex index, EventId event) final;

 protected:
  // As `record`; the transaction is numbered.
  [[nodiscard]] virtual Result<void> write(const Transaction& transaction) = 0;
  // For what is opened a second time in one object.
  void count_from_zero() { last_index_ = last_event_ = 0; }

 private:
  ChangeIndex last_index_ = 0;  // that was given out
  EventId last_event_ = 0;      // likewise
};

}  // namespace rollcall::registry
