// The roll on disk: a registry::Journal in a SQLite database (docs/database.md).
//
// Shape    one transaction per record(): group commit. What record() has returned survives kill -9 and power cuts.
// Owner    rollcalld.cc. The directory outlives it.
// Threads  one at a time: main for open and restore, then the writer thread.
// Failure  open: Errc::start_up. Later Errc::store_busy when another program keeps its lock for longer than
//          k_busy_wait, Errc::store_failed with SQLite's words for everything else. A failure leaves nothing behind:
//          the next call works as soon as the cause is gone. No exception leaves.
// Limits   an fsync that fails tells nobody what has reached the disk. A transaction refused for that reason is
//          invisible and is overwritten by the next commit; a power cut or kill -9 before that may bring it back.
// Source   registry/ports/ports.h; interface.md §2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "registry/ports/ports.h"
#include "registry/ports/storage.h"
#include "store/history_limits.h"
#include "store/ignored_rows.h"
#include "store/row_key.h"
#include "store/skipped_rows.h"
#include "store/zone_names.h"

namespace rollcall::store {

class Database;
class EditReader;
class RollWriter;
struct EditedRow;

class InstanceStore final : public registry::CountingJournal,
                            public registry::StoredRoll,
                            public registry::KeptSerials {
 public:
  [[nodiscard]] static Result<std::unique_ptr<InstanceStore>> open(const std::filesystem::path& path,
                                                                   const registry::ZoneDirectory& zones,
                                                                   const HistoryLimits& history = {});
  // Folds the write-ahead log into the database.
  ~InstanceStore() override;
  InstanceStore(const InstanceStore&) = delete;
  InstanceStore& operator=(const InstanceStore&) = delete;

  // Everything that is stored and can be read, in parts: each service with all its instances in one of them, and at least
  // one part. `take` is called on this thread, while another reads ahead, and returns whom it does not take. On failure
  // some parts may have been taken. What cannot be read, because somebody has edited it, and what is not taken, is left
  // where it is, and named by `skipped` until the next restore.
  [[nodiscard]] Result<void> restore(const TakeRestored& take) override;
  // The same in one piece: of a small roll.
  [[nodiscard]] Result<registry::Restored> restore();
  [[nodiscard]] const SkippedRows& skipped() const noexcept { return skipped_; }
  [[nodiscard]] LeftOut left_out() const override { return {skipped_.count, skipped_.sentences}; }

  // --- Serials of zones (zone_serials.h) ---

  [[nodiscard]] Result<std::vector<registry::KeptSerial>> kept_serials() override;
  [[nodiscard]] Result<void> keep_serials(std::span<const registry::KeptSerial> serials) override;

  // --- What others change while we run (docs/database.md, "Writing to it") ---

  // Whether somebody has; costs next to nothing. False also when it cannot be found out now.
  [[nodiscard]] bool is_edited() noexcept;

  // The next rows that somebody has changed, from at most `notes_max` notes. Until `end_edits` nobody else can write, and
  // what `record` writes is in one transaction with what was read: of an edit and a registration of one instance the
  // later counts, whichever it is. Errc::store_busy while somebody else is writing.
  [[nodiscard]] Result<std::vector<EditedRow>> begin_edits(std::size_t notes_max);

  // After the one `record` they have led to, if any: which rows are on the roll as they stand, or gone, and which are
  // ignored. All others, and all of them when this fails, come again.
  Result<void> end_edits(std::span<const RowKey> settled = {}, std::span<const RowKey> ignored = {});

  // The ignored rows come again as edits: what was in their way may have gone.
  void look_again();

  // Rows that are not on the roll because they break a rule. Any thread.
  [[nodiscard]] IgnoredRows& ignored() noexcept { return ignored_; }

 private:
  [[nodiscard]] Result<void> write(const registry::Transaction& transaction) override;
  void begin_with_ignored(const std::vector<registry::Refused>& refused, std::int64_t last);
  void write_notes(const registry::Transaction& transaction);
  void follow(const registry::Transaction& transaction);
  [[nodiscard]] RowKey row_key(const registry::InstanceRef& key);

  InstanceStore(std::unique_ptr<Database> database, const registry::ZoneDirectory& zones, const HistoryLimits& history);

  const registry::ZoneDirectory& zones_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<RollWriter> writer_;  // after the connection its statements belong to
  std::unique_ptr<EditReader> edits_;   // likewise
  ZoneNames names_;
  SkippedRows skipped_;
  IgnoredRows ignored_;
  std::vector<RowKey> unnoted_;  // ignored since the start, when somebody else was writing
};

}  // namespace rollcall::store
