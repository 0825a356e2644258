// Brings what others change in the database onto the roll while the server runs: within a second, row by row, and by the
// rules of a registration.
//
// Shape    a thread that asks the writer every k_edit_look_every to look; the looking, and the changes, are the writer's. A row
//          that breaks a rule is left as it is, said once in the log, and remembered by InstanceStore::ignored.
// Owner    rollcalld.cc. It outlives the writer's thread; everything it borrows outlives it.
// Threads  its own; and the writer's, between two commits.
// Failure  what cannot be read or written now is tried again. Said once in the log.
// Limits   k_batch_changes_max notes at a time, so that registrations get their turn.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "registry/instance/change.h"
#include "registry/ports/storage.h"
#include "registry/work/writer.h"

namespace rollcall::store {

class InstanceStore;
struct EditedRow;

class EditWatch final : public registry::OutsideEdits {
 public:
  EditWatch(InstanceStore& store, registry::Writer& writer) : store_(store), writer_(writer) {}

  void start() override;
  void look_again() override;

  // Takes one portion of what others have changed, if anything. Returns whether there may be more. On the writer's
  // thread.
  bool look();

 private:
  void run(const std::stop_token& stop);
  void look_soon();
  Result<void> end(const std::vector<EditedRow>& rows, const std::vector<registry::Outcome>& outcomes);
  void note(const std::vector<EditedRow>& rows, const std::vector<registry::Outcome>& outcomes);
  void say_once(const Error& error);

  InstanceStore& store_;
  registry::Writer& writer_;
  std::atomic<bool> is_asked_{false};  // the writer has been asked, and has not looked yet
  std::string last_failure_;           // the writer's
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace rollcall::store
