// The history of the roll: each change of an instance, and why.
//
// Shape    numbered from 1 without gaps, in the order they became durable; the numbers survive restarts. An event is told
//          when it is durable, in the transaction of what it tells of. The end of a lease is visible in the DNS first, and
//          its event follows with the next transaction.
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

// What has become of the instance: the names under which a watcher is told.
enum class EventKind : std::uint8_t { registered, updated, draining, critical, ready, deregistered, expired };
inline constexpr std::size_t k_event_kinds = 7;

// Why.
enum class Cause : std::uint8_t {
  registered,         // by a client, for the first time
  came_back,          // registered again after its lease had ended
  changed,            // registered again with other fields
  drain_started,      // asked to leave
  drain_ended,        // asked to come back
  check_failed,       // a health check says no
  check_passed,       // and yes again
  deregistered,       // by a client
  lease_ended,        // nobody called in
  refused,            // nobody was there when it was looked for
  edited,             // in the database
  restored,           // by a start of the server
  critical_too_long,  // a check has been critical for as long as it may be
  set_aside,          // its name is the zone file's now
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
  std::string by = {};      // who asked; empty: nobody is known, or nobody asked
  std::string detail = {};  // of a check or a probe
  ChangeIndex index = 0;    // of the change
  // The instance as it was before (instance_image.h); empty: it was not on the roll, or has not changed. With these the roll
  // can be shown as it was: from now backwards, event by event. Nothing is stored for a first registration.
  std::string before = {};
};

// What an instance's standing is called when it is told.
[[nodiscard]] EventKind kind_of(Status status);

// Told of each event once, in order, by the writer's thread, after it is durable; must only hand over.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void tell(std::vector<std::shared_ptr<const Event>> events) = 0;
};

}  // namespace rollcall::registry
