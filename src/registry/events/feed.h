// The newest events, in memory: watchers that keep up are served from here, not from the disk.
//
// Shape    events by number, consecutive where EventNumbers::plain; the oldest are dropped first. Listeners are only notified that new events
//          exist; each reads from its own position, so a slow reader makes no queue grow.
// Owner    events are shared with their readers.
// Threads  any; `tell` the writer's.
// Limits   k_feed_events_max events, k_feed_bytes_max octets.
// Source   interface.md §4 (`/v1/watch`).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/limits.h"
#include "registry/events/event.h"

namespace rollcall::registry {

// Selects the events a reader wants. An empty field matches everything.
struct EventFilter {
  std::optional<ZoneId> zone;
  std::optional<std::string> service;  // folded

  [[nodiscard]] bool takes(const Event& event) const {
    return (!zone || *zone == event.key.service.zone) && (!service || *service == event.key.service.name);
  }
};

class Feed final : public EventSink {
 public:
  using Events = std::vector<std::shared_ptr<const Event>>;

  // The writer thread calls `has_more` when new events can be read; it must not block.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void has_more() = 0;
  };

  explicit Feed(std::size_t events_max = limits::k_feed_events_max, std::size_t bytes_max = limits::k_feed_bytes_max)
      : events_max_(events_max), bytes_max_(bytes_max) {}

  // Sets the number of the last event of earlier runs, and what numbers are. Call before the first `tell`.
  void begin_after(EventId last, EventNumbers numbers = EventNumbers::plain);
  [[nodiscard]] EventNumbers numbers() const noexcept { return numbers_.load(std::memory_order_relaxed); }

  void tell(std::vector<std::shared_ptr<const Event>> events) override;

  // Adds a listener and returns the last event's number; the listener is notified of later ones. It must live until
  // `leave`.
  EventId listen(Listener& listener);
  void leave(Listener& listener);

  [[nodiscard]] EventId last() const;
  // Up to `count` events from number `from` on; an empty list if `from` is in the future. nullopt: `from` was dropped
  // already.
  [[nodiscard]] std::optional<Events> read(EventId from, std::size_t count) const;
  // The lowest number that can be read from: every event that was told since, and has it or a higher one, is here.
  [[nodiscard]] EventId first() const;

  // How many events of the kind have been told since the start.
  [[nodiscard]] std::uint64_t told(EventKind kind) const noexcept {
    return told_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
  }

 private:
  struct Run {
    std::deque<std::shared_ptr<const Event>> events;
    std::size_t bytes = 0;  // of them
    EventId dropped = 0;    // of the last event that cannot be read
    EventId last = 0;
    std::vector<Listener*> listeners;
  };

  const std::size_t events_max_;
  const std::size_t bytes_max_;
  std::atomic<EventNumbers> numbers_{EventNumbers::plain};
  Guarded<Run> run_;
  std::array<std::atomic<std::uint64_t>, k_event_kinds> told_{};
};

}  // namespace rollcall::registry
