// Port to a store shared by several nodes (etcd): commits are asynchronous and may complete out of order.
//
// Shape    transactions are proposed in lanes, one at a time in each, so those of one lane commit in order. A commit is
//          reported twice: as the outcome of the proposal, and in index order, with the changes of other nodes, to
//          `Registry::follow`. Nothing becomes visible before that.
// Threads  the writer thread calls; the replies run on it too, inside the call or later.
// Failure  see NotRecorded. The engine resolves what it can before it reports an unknown outcome. The client is then
//          told to try again; if the transaction was committed after all, it arrives as a change of another node.
// Source   docs/architecture.md, "The leases of a cluster".
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "registry/ports/journal.h"

namespace rollcall::registry {

class Agreement {
 public:
  using Reply = std::move_only_function<void(Recorded)>;
  using LatestReply = std::move_only_function<void(std::optional<ChangeIndex>)>;

  virtual ~Agreement() = default;

  [[nodiscard]] virtual std::size_t lanes() const = 0;        // at least one
  [[nodiscard]] virtual std::size_t changes_max() const = 0;  // in one transaction
  [[nodiscard]] virtual std::size_t zones_max() const = 0;    // of the changes of one transaction; at least one

  // Commits if every changed instance still has the index in `replaces`; otherwise a conflict. The lane must have no
  // transaction in flight. Borrows the transaction until the reply, which is called once.
  virtual void propose(std::size_t lane, const Transaction& transaction, Reply reply) = 0;

  // Asks the store how new it is: the registry that has followed up to the index in the reply shows all that was committed
  // before this call. Empty: the store does not answer. The reply is called once.
  virtual void read_latest(LatestReply reply) = 0;
};

}  // namespace rollcall::registry
