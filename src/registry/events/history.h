// Reads stored events from disk. A port: the store implements it.
//
// Shape    a query, and a page of events for it, later.
// Threads  any thread may call `read`; the reply runs on the store's reader thread and must not block.
// Failure  Errc::store_busy, Errc::store_failed in the reply; `read` returns false when too many queries wait.
// Source   interface.md §4 (`/v1/events`, `/v1/watch`).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/events/event.h"
#include "registry/events/feed.h"

namespace rollcall::registry {

struct HistoryQuery {
  EventFilter what;
  std::optional<std::string> id;  // of the instance
  std::optional<EventId> after;   // events above this number, oldest first; empty: newest first
  std::uint32_t limit = 0;
};

struct HistoryPage {
  std::vector<Event> events;
  // Set for queries with `after`:
  EventId first = 0;  // the lowest stored number above `after`, whether or not it matches the filter; 0: none
  EventId upto = 0;   // all stored events up to this number have been searched
  // The lowest stored number of all; 0: none. What is older was forgotten, or never stored here.
  EventId oldest = 0;
};

class History {
 public:
  using Reply = std::move_only_function<void(Result<HistoryPage>)>;

  virtual ~History() = default;
  // Calls the reply once. False: too many queries wait; the reply is not called.
  [[nodiscard]] virtual bool read(HistoryQuery query, Reply reply) = 0;
  // About how many events are stored.
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
};

}  // namespace rollcall::registry
