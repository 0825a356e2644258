// Events as clients read them: JSON, and the stream of server-sent events around it.
//
// Shape    `{"event_id","event","cause","at","zone","service","id","status"?,"by","detail","index"}`; `status` where the
//          event names one. `event_id` is a number, in a cluster the text "<index>.<place>" (EventNumbers). In the stream: `id`, `event` (one of registry::EventKind), `data` (the JSON), an empty line.
//          Only events of the roll and the gap carry data: everything else is silent in an EventSource.
// Threads  any.
// Source   interface.md §4; WHATWG HTML §9.2 (server-sent events).
#pragma once

#include <string>
#include <string_view>

#include "json/writer.h"
#include "registry/events/event.h"

namespace rollcall::api {

inline constexpr std::string_view k_event_stream_type = "text/event-stream";

using registry::EventNumbers;

void describe_event(json::Writer& json, const registry::Event& event, std::string_view zone, EventNumbers numbers);

// One event of the stream.
[[nodiscard]] std::string stream_event(const registry::Event& event, std::string_view zone, EventNumbers numbers);

// What a stream begins with: how soon to come back, and from where on it tells.
[[nodiscard]] std::string stream_start(registry::EventId last, EventNumbers numbers);
// A sign of life that also moves the client's Last-Event-ID on: it has missed nothing up to `last`.
[[nodiscard]] std::string stream_keep_alive(registry::EventId last, EventNumbers numbers);
// Events `from` to `to` are not stored any more: what they told of must be read anew.
[[nodiscard]] std::string stream_gap(registry::EventId from, registry::EventId to, EventNumbers numbers);
// The last words: why, and that the client may go on from `last`.
[[nodiscard]] std::string stream_end(std::string_view why, registry::EventId last, EventNumbers numbers);

}  // namespace rollcall::api
