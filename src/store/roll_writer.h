// Writes transactions of the roll: one BEGIN, one row after the other, one COMMIT.
//
// Owner    the InstanceStore; ends before the connection does.
// Threads  one at a time.
// Failure  SQLite's exceptions. Whatever has failed, and wherever, the next `write` starts from a clean slate.
// Source   registry/ports/ports.h, `Transaction`: what is written, and in which order.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <functional>
#include <string>

#include "registry/ports/ports.h"
#include "store/event_writer.h"
#include "store/kept_text.h"
#include "store/zone_names.h"

namespace rollcall::store {

class RollWriter {
 public:
  RollWriter(SQLite::Database& connection, const registry::ZoneDirectory& zones, const HistoryLimits& history);

  // Durable when it returns; nothing of it is in the database when it throws. `also` writes more into the same
  // transaction.
  void write(const registry::Transaction& transaction, const std::function<void()>& also = {});

  // Begins the transaction that the next `write` goes on with and ends, so that what is read before it cannot be out of
  // date when it is written. SQLITE_BUSY at once when somebody else is writing. `release` commits what no `write` has
  // ended, `drop` undoes it; both do nothing otherwise.
  void hold();
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

  // Bound without a copy; each stays as it is until its statement has run.
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
