// Proposes edits of the database to the cluster: on a node of a cluster an edit is a request like any other, and its outcome
// comes later.
//
// Shape    each edited row has one proposal at most under way. What becomes of it:
//            accepted   settled: the row agrees with the cluster's roll
//            refused    by a rule: the row is listed as ignored, as on a single node
//            by the store (no quorum, full queues): tried again, with the row as it was edited
//          A row that is edited again meanwhile is proposed when the outcome is there. The database is not locked meanwhile: a
//          change of the cluster may overwrite the row (InstanceStore::store). The edit is proposed all the same, so the
//          later in etcd counts.
// Owner    EditWatch. The store outlives it; it outlives the writer's thread, which calls its replies.
// Threads  the writer thread.
// Failure  a failed read or write is tried again with the next look; each error is logged once.
// Limits   k_batch_changes_max proposals. What is not settled when the server stops is read again at the next start, unless
//          its row was overwritten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/instance/change.h"
#include "registry/work/writer.h"
#include "store/edit_reader.h"
#include "store/row_key.h"

namespace rollcall::store {

class InstanceStore;

class EditProposals {
 public:
  // As Writer::submit: false, and the reply is dropped: to be tried again.
  using Submit = std::function<bool(registry::Change, registry::Writer::Reply)>;

  EditProposals(InstanceStore& store, Submit submit) : store_(store), submit_(std::move(submit)) {}
  EditProposals(const EditProposals&) = delete;
  EditProposals& operator=(const EditProposals&) = delete;

  // Settles what has come out, and proposes what was edited since. Returns whether there may be more at once.
  bool look();
  [[nodiscard]] std::size_t open() const { return proposals_.size(); }

 private:
  struct Proposal {
    EditedRow row;
    std::uint64_t number = 0;            // of what is under way; 0: nothing
    std::optional<EditedRow> next = {};  // as it was edited meanwhile
  };

  void take_outcomes();
  [[nodiscard]] bool take_edits();
  void add(EditedRow row);
  void submit_waiting();
  void say_once(const Error& error);

  InstanceStore& store_;
  Submit submit_;
  std::map<RowKey, Proposal> proposals_;
  struct Arrived {
    RowKey key;
    std::uint64_t number;
    registry::Outcome outcome;
  };
  std::vector<Arrived> outcomes_;  // not looked at yet
  std::uint64_t last_number_ = 0;
  int looks_to_rest_ = 0;  // after the store has refused
  std::string last_failure_;
};

}  // namespace rollcall::store
