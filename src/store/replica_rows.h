// What a replica's transaction has beside the rows of instances: the rows of services, which follow from the changes of
// their instances, and the place in the cluster's history (table `replica`).
//
// Owner    the InstanceStore; destroy it before the connection.
// Threads  one at a time.
// Failure  SQLite's exceptions; the caller rolls back the transaction and calls `reset`.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <deque>
#include <map>
#include <optional>
#include <span>

#include "registry/ports/ports.h"
#include "registry/ports/storage.h"
#include "store/zone_names.h"

namespace rollcall::store {

// Changes as a transaction: of each instance the last counts, of events all. Borrows the changes.
class FollowedChanges {
 public:
  explicit FollowedChanges(std::span<const registry::DurableChange> changes);
  FollowedChanges(const FollowedChanges&) = delete;
  FollowedChanges& operator=(const FollowedChanges&) = delete;

  // Without rows of services: `services` says what changes in them.
  [[nodiscard]] const registry::Transaction& transaction() const { return transaction_; }

  struct ServiceChange {
    registry::ChangeIndex index = 0;  // the highest
    registry::ProtocolSet protocols = 0;
    std::optional<registry::WallTime> removed_at;  // when the last of its instances was removed
  };
  [[nodiscard]] const std::map<registry::ServiceRef, ServiceChange>& services() const { return services_; }

 private:
  registry::Transaction transaction_;
  std::deque<registry::InstanceRecord> records_;
  std::map<registry::ServiceRef, ServiceChange> services_;
};

class ReplicaRows {
 public:
  ReplicaRows(SQLite::Database& connection, const registry::ZoneDirectory& zones);

  [[nodiscard]] std::optional<registry::ReplicaPlace> read_place();
  void put_place(const registry::ReplicaPlace& place);
  void forget_place();
  void clear();  // all rows, the history, and what was counted

  // After the rows of the instances. Protocols are added to those that are stored; a service without instances becomes
  // empty when the last was removed.
  void put_service(const registry::ServiceRef& service, const FollowedChanges::ServiceChange& change);

  void reset() noexcept;

 private:
  SQLite::Database& connection_;
  ZoneNames zones_;
  SQLite::Statement read_place_;
  SQLite::Statement put_place_;
  SQLite::Statement forget_place_;
  SQLite::Statement put_service_;
};

}  // namespace rollcall::store
