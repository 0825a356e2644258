// The history of the roll: each change of an instance, and why.
//
// Shape    numbered in the order in which the events became durable, from 1 without gaps; the numbers survive restarts. In a
//          cluster a number is the index of the change and a place in it (EventNumbers), and there are gaps.
//          An event is stored in the same transaction as its change, and sent to watchers after the commit. Exception:
//          when a lease ends, the DNS shows it first, and the next transaction stores the event.
// Threads  values.
// Source   interface.md §4 (`/v1/watch`, `/v1/events`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/instance/instance.h"

namespace rollcall::registry {

using EventId = std::uint64_t;

// What the number of an event says, and how clients read it. pairs: index << k_event_place_bits | place, written
// "<index>.<place>", the same on every node of a cluster, where many events may have one index.
enum class EventNumbers : std::uint8_t { plain, pairs };
inline constexpr unsigned k_event_place_bits = 20;
[[nodiscard]] constexpr EventId event_id(ChangeIndex index, std::uint32_t place) {
  return index << k_event_place_bits | place;
}
[[nodiscard]] std::string to_text(EventId id, EventNumbers numbers);
// Either form. In a cluster a plain number is an index with all its events; without one, a pair is nullopt, as is anything
// that is no number.
[[nodiscard]] std::optional<EventId> parse_event_id(std::string_view text, EventNumbers numbers);

// What happened to the instance; watchers see these names.
enum class EventKind : std::uint8_t { registered, updated, draining, critical, ready, deregistered, expired };
inline constexpr std::size_t k_event_kinds = 7;

// Why it happened.
enum class Cause : std::uint8_t {
  registered,         // by a client, for the first time
  came_back,          // registered again after its lease had ended
  changed,            // registered again with other fields
  drain_started,      // a client or operator asked for a drain
  drain_ended,        // and cancelled it
  check_failed,       // a health check failed
  check_passed,       // and passed again
  deregistered,       // by a client
  lease_ended,        // no heartbeat arrived within the ttl
  refused,            // a probe found that nothing listens at its address
  edited,             // the row was edited in the database
  restored,           // when the server started
  critical_too_long,  // a check stayed critical longer than its limit
  set_aside,          // after a reload, the zone file or another zone uses its name
};

[[nodiscard]] std::string_view to_text(EventKind kind);
[[nodiscard]] std::string_view to_text(Cause cause);
[[nodiscard]] std::optional<EventKind> parse_event_kind(std::string_view text);
[[nodiscard]] std::optional<Cause> parse_cause(std::string_view text);

struct Event {
  EventId id = 0;
  WallTime at{};
  InstanceKey key = {};
  EventKind kind{};
  Cause cause{};
  std::string by = {};      // the author of the change; empty: unknown, or no client asked for it
  std::string detail = {};  // output of the check or probe
  ChangeIndex index = 0;    // of the change
  // The instance before the change (instance_image.h). Empty: it was not registered before, or it did not change. With
  // these images, reading events from the newest backwards, an earlier state can be reconstructed. A first registration
  // stores no image.
  std::string before = {};
};

// The event kind that announces this status.
[[nodiscard]] EventKind kind_of(Status status);

// Receives each event once, in order. The writer thread calls `tell` after the event is durable; it must not block:
// only hand the events to another thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void tell(std::vector<std::shared_ptr<const Event>> events) = 0;
};

}  // namespace rollcall::registry
