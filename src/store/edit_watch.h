// Polls the database for edits by other programs and applies them to the roll within a second, row by row, with the
// same validation as a registration.
//
// Shape    a timer thread posts a task to the writer thread every k_edit_look_every; the writer thread reads the edits
//          and applies them. A row that breaks a rule stays unchanged in the database; it is logged once and listed by
//          InstanceStore::ignored.
// Cluster  edits are proposals there: edit_proposals.h.
// Owner    rollcalld.cc. It must outlive the writer thread; everything it borrows must outlive it.
// Threads  its own timer thread; `look` runs on the writer thread, between two commits.
// Failure  a failed read or write is tried again at the next poll. Each error is logged once.
// Limits   k_batch_changes_max notes per poll, so that edits do not delay registrations.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "registry/instance/change.h"
#include "registry/ports/storage.h"
#include "registry/work/writer.h"
#include "store/edit_proposals.h"

namespace rollcall::store {

class InstanceStore;

class EditWatch final : public registry::OutsideEdits {
 public:
  EditWatch(InstanceStore& store, registry::Writer& writer);

  void start() override;
  void look_again() override;

  // Applies one batch of edits, if there are any. Returns whether there may be more. Call it on the writer thread.
  bool look();

 private:
  void run(const std::stop_token& stop);
  void look_soon();
  Result<void> end(const std::vector<EditedRow>& rows, const std::vector<registry::Outcome>& outcomes);
  void note(const std::vector<EditedRow>& rows, const std::vector<registry::Outcome>& outcomes);
  void say_once(const Error& error);

  InstanceStore& store_;
  registry::Writer& writer_;
  std::optional<EditProposals> proposals_;  // on a node of a cluster
  std::atomic<bool> is_asked_{false};       // a task is posted to the writer thread and has not started yet
  std::string last_failure_;                // used on the writer thread only
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace rollcall::store
