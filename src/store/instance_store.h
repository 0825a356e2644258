// The roll on disk: a registry::Journal in a SQLite database (docs/database.md).
//
// Shape    one transaction per record(): group commit. What record() has returned survives kill -9 and power cuts.
// Owner    rollcalld.cc. The directory outlives it.
// Threads  one at a time: main for open and restore, then the writer thread.
// Failure  open: Errc::start_up. Later Errc::store_busy when another program keeps its lock for longer than
//          k_busy_wait, Errc::store_failed with SQLite's message for everything else. A failure leaves no partial
//          state: the next call works as soon as the cause is gone. No exception leaves this class.
// Limits   after a failed fsync it is unknown what has reached the disk. The refused transaction is invisible, and the
//          next commit overwrites it; a power failure or kill -9 before that commit may make it visible again.
// Source   registry/ports/ports.h; interface.md §2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "registry/ports/ports.h"
#include "registry/ports/storage.h"
#include "store/database_lock.h"
#include "store/edit_reader.h"
#include "store/history_limits.h"
#include "store/ignored_rows.h"
#include "store/row_key.h"
#include "store/skipped_rows.h"
#include "store/zone_names.h"

namespace rollcall::store {

class Database;
class ReplicaRows;
class RollWriter;

class InstanceStore final : public registry::CountingJournal,
                            public registry::StoredRoll,
                            public registry::Replica,
                            public registry::KeptSerials {
 public:
  [[nodiscard]] static Result<std::unique_ptr<InstanceStore>> open(
      const std::filesystem::path& path, const registry::ZoneDirectory& zones, const HistoryLimits& history = {},
      registry::StorageMode mode = registry::StorageMode::own, std::optional<DatabaseLock> lock = std::nullopt);
  // Checkpoints the write-ahead log into the database.
  ~InstanceStore() override;
  InstanceStore(const InstanceStore&) = delete;
  InstanceStore& operator=(const InstanceStore&) = delete;

  // Reads everything that is stored, in parts. A service and all its instances are in the same part; there is at least
  // one part. Calls `take` on this thread while another thread reads ahead. `take` returns the instances that it
  // refuses. On failure, `take` may already have received some parts. Rows that are invalid (edited by hand) or refused
  // stay in the database; `skipped` lists them until the next restore.
  [[nodiscard]] Result<void> restore(const TakeRestored& take) override;
  // The same as one value; for a small database.
  [[nodiscard]] Result<registry::Restored> restore();
  [[nodiscard]] Result<std::vector<registry::InstanceRecord>> read(
      std::span<const registry::InstanceKey> keys) override;
  [[nodiscard]] const SkippedRows& skipped() const noexcept { return skipped_; }
  [[nodiscard]] LeftOut left_out() const override { return {skipped_.count, skipped_.sentences}; }

  // --- The roll of a cluster (registry/ports/storage.h) ---

  [[nodiscard]] Result<std::optional<registry::ReplicaPlace>> place() override;
  [[nodiscard]] Result<void> store(std::span<const registry::DurableChange> changes,
                                   const registry::ReplicaPlace& place) override;
  [[nodiscard]] Result<void> clear() override;

  // --- Serials of zones (zone_serials.h) ---

  [[nodiscard]] Result<std::vector<registry::KeptSerial>> kept_serials() override;
  [[nodiscard]] Result<void> keep_serials(std::span<const registry::KeptSerial> serials) override;

  // --- Edits by other programs while the server runs (docs/database.md, "Writing to it") ---

  // Whether there are edits to apply; cheap. Also false when the database cannot be read now.
  [[nodiscard]] bool is_edited() noexcept;

  // Starts a write transaction and returns the next edited rows, from at most `notes_max` notes. Until `end_edits` no
  // other program can write, and `record` writes in the same transaction. So if an operator edits an instance and a
  // client registers it at the same time, the later of the two wins. Errc::store_busy while another program is writing.
  [[nodiscard]] Result<std::vector<EditedRow>> begin_edits(std::size_t notes_max);

  // Ends what `begin_edits` started; call it after the `record` that applied the edits, if there was one. `settled`:
  // rows that were applied or no longer exist. `ignored`: rows that break a rule. `begin_edits` returns all other rows
  // again, and all rows if this call fails.
  Result<void> end_edits(std::span<const RowKey> settled = {}, std::span<const RowKey> ignored = {});

  // Of a replica: `begin_edits` returns each edit once. It may be settled much later, and the row may be overwritten
  // meanwhile by a change of the cluster; then it is not marked as edited any more, and there is nothing to settle.
  [[nodiscard]] bool is_noted(const RowKey& key) const;
  [[nodiscard]] registry::StorageMode mode() const noexcept { return mode_; }

  // Makes `begin_edits` return the ignored rows again, because the reason for ignoring them may no longer apply.
  void look_again();

  // `restore` writes nothing: another process has the database too, until it has handed over. What is to be noted of ignored
  // rows is noted later.
  void write_later() noexcept { writes_later_ = true; }

  // For other tables of the same file: used by the same thread, between two calls.
  [[nodiscard]] Database& database() noexcept { return *database_; }

  // The rows that the server ignores because they break a rule. Any thread.
  [[nodiscard]] IgnoredRows& ignored() noexcept { return ignored_; }

 private:
  [[nodiscard]] Result<void> write(const registry::Transaction& transaction) override;
  void begin_with_ignored(const std::vector<registry::Refused>& refused, std::int64_t last);
  [[nodiscard]] Result<void> write_local(const registry::Transaction& transaction);
  void write_notes(const registry::Transaction& transaction);
  [[nodiscard]] bool find_edits();
  void follow(const registry::Transaction& transaction);
  [[nodiscard]] RowKey row_key(const registry::InstanceRef& key);

  InstanceStore(std::unique_ptr<Database> database, const registry::ZoneDirectory& zones, const HistoryLimits& history,
                registry::StorageMode mode);

  const registry::StorageMode mode_;
  const registry::ZoneDirectory& zones_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<RollWriter> writer_;    // after the connection its statements belong to
  std::unique_ptr<EditReader> edits_;     // likewise
  std::unique_ptr<ReplicaRows> replica_;  // likewise
  ZoneNames names_;
  SkippedRows skipped_;
  IgnoredRows ignored_;
  bool writes_later_ = false;
  bool has_place_ = false;        // own: the first write deletes it
  bool is_doubtful_ = false;      // replica: rows were edited while no server ran, so the place does not hold for them
  bool is_behind_ = false;        // replica: the last `store` has failed
  std::vector<EditedRow> found_;  // replica: read before a change of the cluster overwrote them
  std::vector<RowKey> unnoted_;   // ignored at start, and without a note because another program was writing then
};

}  // namespace rollcall::store
