// Where keys, sessions and prepared queries are kept: the port to the store.
//
// Threads  one at a time: main for `read`, then the writer's thread.
// Failure  Errc::store_busy, Errc::store_failed: nothing of the call is stored, and the next one works.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "kv/changes.h"
#include "kv/values.h"

namespace rollcall::kv {

struct Stored {
  Index index = 0;  // 0: nothing was ever stored
  std::vector<EntryPtr> entries = {};
  std::vector<SessionPtr> sessions = {};
  std::vector<Query> queries = {};  // `asked` is not filled in: it is in the definition
  std::vector<LockDelay> delays = {};
  std::vector<std::string> left_out = {};  // a sentence for each row that cannot be read; it stays where it is
};

class Journal {
 public:
  virtual ~Journal() = default;
  // Makes a batch durable, as one transaction.
  [[nodiscard]] virtual Result<void> record(const Changes& changes) = 0;
  [[nodiscard]] virtual Result<Stored> read() = 0;
};

}  // namespace rollcall::kv
