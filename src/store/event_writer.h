// Writes the history: an `event` row for each change, and forgets the oldest.
//
// Owner    the RollWriter, whose transaction it writes in.
// Threads  one at a time.
// Failure  SQLite's exceptions; the transaction is rolled back then, and nothing here needs to know.
// Starts   of what starts of the server have told (Cause::restored) the last start's is kept, and no more than a tenth of
//          the rows: a server that starts again and again does not push the history out.
// Limits   HistoryLimits. The table is cut when it is a tenth over its rows, so that most transactions delete nothing;
//          by age in portions, once in a while.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "registry/events/event.h"
#include "store/history_limits.h"
#include "store/kept_text.h"
#include "store/zone_names.h"

namespace rollcall::store {

class EventWriter {
 public:
  EventWriter(SQLite::Database& connection, ZoneNames& zones, const HistoryLimits& limits);

  // In order, numbered.
  void write(const std::vector<std::shared_ptr<registry::Event>>& events);
  void reset() noexcept;

 private:
  void put(const registry::Event& event);
  std::size_t make_room_for_a_start(const std::vector<std::shared_ptr<registry::Event>>& events);
  void forget(const registry::Event& last);
  [[nodiscard]] registry::EventId first_to_go(registry::EventId last);

  ZoneNames& zones_;
  const HistoryLimits limits_;
  SQLite::Statement put_;
  SQLite::Statement forget_below_;
  SQLite::Statement forget_before_;
  SQLite::Statement forget_restored_;
  SQLite::Statement nth_;
  SQLite::Statement first_;
  std::chrono::steady_clock::time_point look_at_age_at_{};
  registry::EventId cut_below_ = 0;  // no row has this number or a lower one; after a failure, a few may

  // Parameters of put_ whose text is the same for most events.
  KeptText zone_{put_, 3};
  KeptText kind_{put_, 6};
  KeptText cause_{put_, 7};
  KeptText by_{put_, 8};
  KeptText detail_{put_, 9};
};

}  // namespace rollcall::store
