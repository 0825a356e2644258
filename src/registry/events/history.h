// The stored history, as it is read back: a port, because it lies on a disk.
//
// Shape    a query, and a page of events for it, later.
// Threads  `read` any; a reply is called on the reader's own thread and must only hand over.
// Failure  Errc::store_busy, Errc::store_failed in the reply; `read` says no when too many wait already.
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
  std::optional<EventId> after;   // the oldest above this number first; empty: the newest first
  std::uint32_t limit = 0;
};

struct HistoryPage {
  std::vector<Event> events;
  // What follows is of a query with `after`.
  EventId first = 0;  // the lowest number that is stored above `after`, whatever it tells of; 0: there is none
  EventId upto = 0;   // every event that is stored, up to this number, has been looked at
};

class History {
 public:
  using Reply = std::move_only_function<void(Result<HistoryPage>)>;

  virtual ~History() = default;
  // The reply is called once. False: too many wait, and the reply is dropped uncalled.
  [[nodiscard]] virtual bool read(HistoryQuery query, Reply reply) = 0;
  // About how many events are stored.
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
};

}  // namespace rollcall::registry
