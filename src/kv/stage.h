// The rules of the store: what a request changes, on the tables of the writer's thread. Nobody else sees them; what has
// changed goes to the disk first, and then to readers.
//
//   stage.begin(now);  stage.apply(request) …;  Changes changes = stage.take();  recorded ? … : stage.undo();
//
// Shape    each request that changes something has an index of its own. A transaction is done as a whole, or not at all.
// Time     lock delays are on the lease clock: the server's own pause is no part of them.
// Threads  the writer's.
// Source   Consul's documentation of sessions, /v1/kv and /v1/txn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "kv/changes.h"
#include "kv/limits.h"
#include "kv/operation.h"
#include "kv/tables.h"

namespace rollcall::kv {

class Stage {
 public:
  using Result = std::variant<Done, Refusal>;
  // What the operations of a transaction have shown so far.
  struct Reading {
    std::vector<Shown> entries;
    std::size_t bytes = 0;
  };

  struct Bounds {
    std::size_t bytes_max = k_bytes_default;
    // Of one session.
    std::size_t held_max = SIZE_MAX;
    std::size_t held_bytes_max = SIZE_MAX;
    std::size_t bound_queries_max = SIZE_MAX;
  };

  explicit Stage(std::size_t bytes_max) : bounds_{.bytes_max = bytes_max} {}
  explicit Stage(Bounds bounds) : bounds_(bounds) {}

  // At a start, before anything else: what is stored, and the index that changes are counted from.
  void put(const EntryPtr& entry) { tables_.replace(nullptr, entry); }
  void put(const SessionPtr& session) { tables_.replace(nullptr, session); }
  void put(const QueryPtr& query) { tables_.replace(nullptr, query); }
  void put(const LockDelay& delay, LeaseTime now) { delays_[delay.key] = now + delay.lasts; }
  void count_from(Index index) { index_ = index; }

  // What was changed elsewhere, between two batches: it counts here from `now` on.
  void follow(const Change& change, LeaseTime now);
  // Lock delays that are over, between two batches.
  void forget_delays(LeaseTime now);

  // A batch: everything until `take`. Lock delays that are over are part of its changes.
  void begin(LeaseTime now);
  [[nodiscard]] Result apply(const Transaction& transaction);
  [[nodiscard]] Result apply(const CreateSession& asked);
  [[nodiscard]] Result apply(const DestroySession& asked);
  [[nodiscard]] Result apply(const RenewSession& asked);
  [[nodiscard]] Result apply(const PutQuery& asked);
  [[nodiscard]] Result apply(const RemoveQuery& asked);
  [[nodiscard]] Changes take();
  // What the batch has changed so far, by requests that were done.
  [[nodiscard]] std::size_t size() const { return made_.size(); }
  [[nodiscard]] const Change& operator[](std::size_t at) const { return made_[at].change; }
  // Takes back what the last request has changed, if it has done anything: the batch had `size` changes before it.
  void take_back(std::size_t size);
  // After `take`: takes the changes of the batch back, because they could not be recorded.
  void undo();

  [[nodiscard]] const Tables& tables() const { return tables_; }
  [[nodiscard]] Index index() const { return index_; }

 private:
  // Empty: it was done, and `shown` has what it shows.
  using Fault = std::optional<Refusal>;
  struct Made {
    Change change;
    std::optional<LeaseTime> delayed_until = {};  // of a LockDelay: what it was before
  };

  [[nodiscard]] Fault run(const Operation& operation, Reading& reading);
  [[nodiscard]] Fault set(const Operation& operation, const EntryPtr& present, std::string session, Reading& reading);
  [[nodiscard]] Fault lock(const Operation& operation, const EntryPtr& present, Reading& reading);
  void remove(const EntryPtr& present);
  void remove_tree(std::string_view prefix);
  void end(const SessionPtr& session);
  void set_delay(const std::string& key, std::chrono::milliseconds lasts);
  [[nodiscard]] bool is_delayed(std::string_view key) const;
  [[nodiscard]] Fault check_held(const Entry& entry, const EntryPtr& present) const;
  [[nodiscard]] bool has_room_for(std::size_t more, std::size_t instead_of) const;
  [[nodiscard]] Result done(std::vector<Shown> entries = {});
  [[nodiscard]] Result refused(Refusal refusal);
  template <class T>
  void replace(const std::shared_ptr<const T>& before, const std::shared_ptr<const T>& after);
  void undo_to(std::size_t count);

  const Bounds bounds_;
  Tables tables_;
  std::map<std::string, LeaseTime, std::less<>> delays_;  // until when nobody acquires a key
  LeaseTime look_for_ended_delays_at_{};
  LeaseTime now_{};
  Index index_ = 0;
  Index index_before_ = 0;       // the batch
  std::vector<Made> made_;       // in the batch
  std::size_t made_before_ = 0;  // the request at hand
};

}  // namespace rollcall::kv
