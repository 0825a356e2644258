// Keys, sessions, lock delays and prepared queries in the tables kv_* and prepared_query (docs/database.md).
//
// Shape    one transaction a batch, with the durability of the roll: it shares its connection.
// Owner    destroy it before the Database.
// Threads  one at a time: main for `read`, then the writer thread.
// Failure  Errc::store_busy, Errc::store_failed; the transaction is rolled back, and the next call works. No exception
//          leaves this class.
// Source   kv/journal.h.
#pragma once

#include <memory>

#include "kv/journal.h"

namespace rollcall::store {

class Database;

class KeyStore final : public kv::Journal {
 public:
  explicit KeyStore(Database& database);
  ~KeyStore() override;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  [[nodiscard]] Result<void> record(const kv::Changes& changes) override;
  [[nodiscard]] Result<kv::Stored> read() override;

 private:
  struct Statements;  // prepared at the first call

  [[nodiscard]] Statements& statements();

  Database& database_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace rollcall::store
