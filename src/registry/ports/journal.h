// Durable storage of the registry: the contents of one commit, its outcome, and the port that the store implements.
//
// Shape    the registry stages changes and builds a Transaction; a Journal stores it, all or nothing, and returns its
//          indexes; then the registry publishes it. Until then staged changes carry their position in the transaction
//          (`staged_index`) instead of an index, because the store decides the order of commits.
// Threads  only the writer thread calls a Journal.
// Failure  NotRecorded: refused, conflict or unknown.
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

// A placeholder for the index of the n-th change (1, 2 …) of a transaction that is not committed yet. Real indexes
// never reach the upper half of the range. It is never stored or shown to clients.
inline constexpr ChangeIndex k_staged_index = ChangeIndex{1} << 63;
[[nodiscard]] constexpr ChangeIndex staged_index(std::uint64_t n) { return k_staged_index + n; }
[[nodiscard]] constexpr bool is_staged(ChangeIndex index) { return index > k_staged_index; }

// A service as it is stored. `emptied_at`: since when it has had no instance. `index`, on restore: 0 if the service may
// have changed after its last stored index.
struct ServiceRecord {
  ServiceKey key;
  ChangeIndex index = 0;
  ProtocolSet protocols = 0;
  std::optional<WallTime> emptied_at;
};

// An instance as it is stored. The lease is not stored: it is in memory, and restarts after a restart.
struct InstanceRecord {
  Registration registration;
  Standing standing = {};
  ChangeIndex index = 0;
  WallTime registered_at;
  // The fields below are not stored. Whether the change restarts the lease, and which version its checks examine. A
  // server restart resets both.
  bool renews_lease = true;
  std::optional<CheckedSince> checked_since = std::nullopt;
  // The number of the edit, if the stored row was edited after it was published. Such rows come after the others, in
  // the order of the edits. Zero: not edited.
  std::int64_t edit = 0;
  // The index of the version it replaces, as the store has it; 0: none. A shared store compares it.
  ChangeIndex replaces = 0;
  // Not 0: the same instance again, for its lease alone; the index of the version that is shown.
  ChangeIndex unchanged_since = 0;
  LeaseHolder lease_holder = LeaseHolder::this_node;
  // Of a stored row: the last known time at which the server that stored it was running.
  WallTime stored_at{};
};

// A removed instance. `replaces` as above.
struct RemovedInstance : InstanceRef {
  RemovedInstance(const InstanceRef& key,
                  ChangeIndex replaced = 0)  // NOLINT(google-explicit-constructor): a key is enough
      : InstanceRef(key), replaces(replaced) {}
  ChangeIndex replaces;
};

// A stored instance that a rule (rules.h) does not let onto the registry; its row stays in the store.
struct Refused {
  InstanceKey key;
  std::string sentence;
};

// The indexes and event numbers that a committed transaction received.
//
// Shape    its changes have the indexes first … last. A store that gives one index to a whole transaction sets both
//          equal.
struct Committed {
  ChangeIndex first_index = 0;
  ChangeIndex last_index = 0;
  EventId first_event = 0;

  // Maps a staged index to the real one. Any other index is returned unchanged.
  [[nodiscard]] ChangeIndex index_of(ChangeIndex index) const;
  [[nodiscard]] CheckedSince since(CheckedSince staged) const;
};

// The contents of one commit, all or nothing, in this order: removals, services, instances, forgotten services. Borrows
// from the Stage until its outcome is known.
struct Transaction {
  std::vector<RemovedInstance> removed;        // rows that may or may not be there
  std::vector<ServiceRecord> services;         // inserted or replaced
  std::vector<InstanceRecord*> instances;      // inserted or replaced
  std::vector<ServiceRef> forgotten;           // services without instances
  std::vector<const Refused*> set_aside;       // no longer registered; their rows stay
  std::vector<std::shared_ptr<Event>> events;  // in order
  std::uint64_t changes = 0;                   // how many need an index
  ChangeIndex index = 0;                       // the highest index given out is at least this
  EventId last_event = 0;                      // likewise for event numbers

  // Replaces staged indexes with the committed ones, and numbers the unnumbered events. What has a number keeps it.
  void number(const Committed& committed);
};

// Why a transaction was not recorded.
struct NotRecorded : Error {
  enum class Reason : std::uint8_t {
    refused,   // nothing is durable. Errc::store_busy: a retry may succeed soon; Errc::store_failed: it may not
    conflict,  // nothing is durable: another node changed the data it was staged against
    split,     // nothing is durable: the store cannot take these changes together, but perhaps each half of them
    unknown,   // the outcome is unknown. Nothing is shown; if it is durable after all, it arrives by `Registry::follow`
  };

  NotRecorded(Error error, Reason why = Reason::refused)  // NOLINT(google-explicit-constructor): an Error is a refusal
      : Error(std::move(error)), reason(why) {}

  Reason reason;
  // For a conflict: the instances that another change touched, and the index up to which the registry must follow
  // before the changes are staged again.
  std::vector<InstanceKey> conflicts = {};
  ChangeIndex follow_up_to = 0;
  // Durable changes that the registry has not applied yet, if the journal has them; in order.
  std::vector<DurableChange> newer = {};
};

using Recorded = std::expected<Committed, NotRecorded>;

// A synchronous store: the outcome is known when `record` returns. For an asynchronous store see Agreement.
class Journal {
 public:
  virtual ~Journal() = default;

  // Durable when it returns indexes. On failure nothing is durable, unless the reason is `unknown`.
  [[nodiscard]] virtual Recorded record(Transaction& transaction) = 0;

  // Takes an index for the end of a lease: visible before it is durable, because no answer may outlive a lease.
  [[nodiscard]] virtual ChangeIndex take_index() = 0;

  // Later indexes and event numbers will be higher than these.
  virtual void go_on_after(ChangeIndex index, EventId event) = 0;
};

// A journal with a single writing process: it numbers indexes and events consecutively. A failed write uses up none.
class CountingJournal : public Journal {
 public:
  [[nodiscard]] Recorded record(Transaction& transaction) final;
  [[nodiscard]] ChangeIndex take_index() final { return ++last_index_; }
  void go_on_after(ChangeIndex index, EventId event) final;

 protected:
  // Does the work of `record`; the transaction is numbered already.
  [[nodiscard]] virtual Result<void> write(const Transaction& transaction) = 0;
  // For a store that is opened a second time by the same object.
  void count_from_zero() { last_index_ = last_event_ = 0; }

 private:
  ChangeIndex last_index_ = 0;  // that was given out
  EventId last_event_ = 0;      // likewise
};

}  // namespace rollcall::registry
