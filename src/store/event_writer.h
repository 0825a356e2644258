// Writes the history: one `event` row per change. Also deletes the oldest rows.
//
// Owner    the RollWriter, whose transaction it writes in.
// Threads  one at a time.
// Failure  SQLite's exceptions; the caller rolls back the transaction and calls `reset`.
// Starts   a server start writes events with Cause::restored. Only those of the last start are kept, and none if they
//          are more than a tenth of the row limit. So a server that restarts in a loop does not displace the real
//          history.
// Limits   HistoryLimits. Rows are deleted only when the table is 10 % over its row limit, so most transactions delete
//          nothing. Rows that are too old are deleted in batches, every k_look_at_age_every at most.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/events/event.h"
#include "store/history_limits.h"
#include "store/kept_text.h"
#include "store/zone_names.h"

namespace rollcall::store {

class EventWriter {
 public:
  // `has_gaps`: the numbers are a cluster's, far apart from each other, so rows are counted instead.
  EventWriter(SQLite::Database& connection, ZoneNames& zones, const HistoryLimits& limits, bool has_gaps);

  // `events` are sorted by id, and their ids are set.
  void write(const std::vector<std::shared_ptr<registry::Event>>& events);
  void reset() noexcept;

 private:
  void put(const registry::Event& event);
  std::size_t make_room_for_a_start(const std::vector<std::shared_ptr<registry::Event>>& events);
  void forget(const registry::Event& last);
  void forget_by_number(registry::EventId last);
  void forget_by_count(registry::EventId last);
  void forget_up_to(registry::EventId id);
  [[nodiscard]] std::uint64_t count();
  [[nodiscard]] registry::EventId first_to_go(registry::EventId last);

  ZoneNames& zones_;
  const HistoryLimits limits_;
  const bool has_gaps_;
  SQLite::Statement put_;
  SQLite::Statement forget_below_;
  SQLite::Statement forget_before_;
  SQLite::Statement forget_restored_;
  SQLite::Statement nth_;
  SQLite::Statement first_;
  SQLite::Statement count_;
  std::chrono::steady_clock::time_point look_at_age_at_{};
  registry::EventId cut_below_ = 0;  // rows up to this number are deleted; after a failed delete, some may remain

  std::optional<std::uint64_t> rows_;  // about so many are stored; has_gaps_ only. Empty: not counted yet

  // Parameters of put_ whose text is the same for most events.
  KeptText zone_{put_, 3};
  KeptText kind_{put_, 6};
  KeptText cause_{put_, 7};
  KeptText by_{put_, 8};
  KeptText detail_{put_, 9};
};

}  // namespace rollcall::store
