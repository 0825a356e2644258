// Changes staged as one transaction, waiting for its outcome.
//
// Owner    the caller: `Registry::apply` for the length of a call, or an AgreedWriter until its store has answered. The
//          transaction borrows from the stage, so a batch is never moved.
// Threads  the writer's.
#pragma once

#include <cstddef>
#include <vector>

#include "registry/instance/change.h"
#include "registry/ports/journal.h"
#include "registry/stage.h"

namespace rollcall::registry {

struct StagedBatch {
  StagedBatch(std::span<const Change> all, Stage&& empty) : changes(all), stage(std::move(empty)) {}
  StagedBatch(const StagedBatch&) = delete;
  StagedBatch& operator=(const StagedBatch&) = delete;

  // Whether there is anything to record; the outcomes are final otherwise.
  [[nodiscard]] bool needs_record() const { return !stage.is_empty(); }

  std::span<const Change> changes;  // outlive the batch
  Stage stage;
  std::vector<Outcome> outcomes;      // as they are if it is recorded
  std::vector<std::size_t> waiting;   // which of them depend on that
  std::vector<std::size_t> renewals;  // which of them say that a lease begins anew
  Transaction transaction;            // without what the registry has pending
};

}  // namespace rollcall::registry
