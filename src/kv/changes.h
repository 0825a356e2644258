// What a batch has changed: the way from the rules (stage.h) to the disk (journal.h) and to readers (shown.h).
//
// Shape    in the order made; several changes of one key may be among them, and the last counts.
// Threads  a value of the writer's thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kv/values.h"

namespace rollcall::kv {

// One of the two is there at least. `index` is that of the change, of a removal too.
template <class T>
struct Replaced {
  std::shared_ptr<const T> before = {};
  std::shared_ptr<const T> after = {};
  Index index = 0;

  [[nodiscard]] const T& either() const { return after ? *after : *before; }
};

// Nobody acquires the key for so long. Zero: the delay is over.
struct LockDelay {
  std::string key = {};
  std::chrono::milliseconds lasts = {};
};

// A heartbeat that is kept: the session has its whole TTL again. Of a cluster's sessions alone.
struct Renewed {
  std::string session = {};
};

using Change = std::variant<Replaced<Entry>, Replaced<Session>, Replaced<Query>, LockDelay, Renewed>;

struct Changes {
  std::vector<Change> list = {};
  Index index = 0;  // after them

  [[nodiscard]] bool is_empty() const { return list.empty(); }
};

}  // namespace rollcall::kv
