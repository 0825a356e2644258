// A store that several nodes share: it answers later, and not in the order in which it was asked.
//
// Shape    transactions are proposed in lanes, one at a time in each, so those of one lane are committed in order. What is
//          committed comes back twice: as the outcome of the proposal, and, as everybody's changes, in the order of the
//          indexes to `Registry::follow`. Nothing is shown before that.
// Threads  the writer's: `propose` is called on it, and the reply too, from inside `propose` or later.
// Failure  as NotRecorded says. The engine settles what it can before it says that an outcome is unknown; whoever asked is
//          told to try again then, and if it was committed after all, it is followed as a change of somebody else.
// Source   docs/architecture.md, "The leases of a cluster".
#pragma once

#include <cstddef>
#include <functional>

#include "registry/ports/journal.h"

namespace rollcall::registry {

class Agreement {
 public:
  using Reply = std::move_only_function<void(Recorded)>;

  virtual ~Agreement() = default;

  [[nodiscard]] virtual std::size_t lanes() const = 0;        // at least one
  [[nodiscard]] virtual std::size_t changes_max() const = 0;  // of one transaction

  // Commits the transaction if every instance it changes is still at the index that it `replaces`; else it is a conflict.
  // The lane has no transaction in flight. Borrows the transaction until the reply, which is called once.
  virtual void propose(std::size_t lane, const Transaction& transaction, Reply reply) = 0;
};

}  // namespace rollcall::registry
