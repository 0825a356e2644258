// Writes transactions of the roll: one BEGIN, one row after the other, one COMMIT.
//
// Owner    the InstanceStore; destroy it before the connection.
// Threads  one at a time.
// Failure  SQLite's exceptions; the transaction is rolled back. The next `write` first rolls back what may still be
//          open.
// Source   registry/ports/ports.h, `Transaction`: what is written, and in which order.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <cstdint>
#include <functional>
#include <string>

#include "registry/ports/ports.h"
#include "registry/ports/storage.h"
#include "store/event_writer.h"
#include "store/kept_text.h"
#include "store/zone_names.h"

namespace rollcall::store {

class RollWriter {
 public:
  RollWriter(SQLite::Database& connection, const registry::ZoneDirectory& zones, const HistoryLimits& history,
             registry::StorageMode mode);

  // All or nothing: the transaction is on disk when it returns, and rolled back when it throws. `also` may write more
  // rows in the same transaction.
  void write(const registry::Transaction& transaction, const std::function<void()>& also = {});

  // `hold` begins a write transaction that the next `write` continues and commits, so that rows read in between cannot
  // become stale. Throws SQLITE_BUSY while another program is writing: at once, or after the busy timeout. If no `write` has ended the transaction,
  // `release` commits it and `drop` rolls it back; otherwise both do nothing.
  enum class Wait : std::uint8_t { no, yes };
  void hold(Wait wait = Wait::no);
  void release();
  void drop() noexcept;
  [[nodiscard]] bool is_held() const { return is_held_; }

 private:
  void write_rows(const registry::Transaction& transaction);
  void remove_instance(const registry::InstanceRef& instance);
  void put_service(const registry::ServiceRecord& record);
  void put_instance(const registry::InstanceRecord& record);
  void forget_service(const registry::ServiceRef& service);
  void put_index(registry::ChangeIndex index, registry::EventId last_event);
  void roll_back() noexcept;

  SQLite::Database& connection_;
  ZoneNames zones_;
  bool is_held_ = false;

  SQLite::Statement begin_;
  SQLite::Statement commit_;
  SQLite::Statement rollback_;
  SQLite::Statement remove_instance_;
  SQLite::Statement put_service_;
  SQLite::Statement put_instance_;
  SQLite::Statement forget_service_;
  SQLite::Statement put_index_;
  EventWriter events_;

  // Bound without a copy: each must stay unchanged until its statement has run.
  std::string service_;
  std::string id_;
  std::string addresses_;
  std::string tags_;
  std::string meta_;
  std::string results_text_;

  // Parameters of put_instance_ whose text is the same for most instances.
  KeptText zone_{put_instance_, 1};
  KeptText protocol_{put_instance_, 6};
  KeptText status_{put_instance_, 12};
  KeptText checks_{put_instance_, 17};
  KeptText results_{put_instance_, 19};
  KeptText lease_{put_instance_, 20};
  KeptText lease_check_{put_instance_, 21};
  KeptText host_{put_instance_, 22};
  KeptText door_{put_instance_, 23};
  KeptText attributes_{put_instance_, 24};
};

}  // namespace rollcall::store
