#include "api/event_text.h"

#include <fmt/format.h>
#include <iterator>

#include "base/check.h"
#include "registry/instance/wall_time.h"

namespace rollcall::api {
namespace {

using registry::EventId;
using registry::EventKind;

constexpr int k_retry_ms = 2'000;  // how soon a client whose stream has ended comes back

bool names_a_status(EventKind kind) {
  return kind == EventKind::ready || kind == EventKind::draining || kind == EventKind::critical;
}

}  // namespace

void describe_event(json::Writer& json, const registry::Event& event, std::string_view zone, EventNumbers numbers) {
  json.open_object();
  if (numbers == EventNumbers::plain) {
    json.member("event_id", event.id);
  } else {
    json.member("event_id", registry::to_text(event.id, numbers));
  }
  json.member("event", registry::to_text(event.kind))
      .member("cause", registry::to_text(event.cause))
      .member("at", registry::format_wall_time(event.at))
      .member("zone", zone)
      .member("service", event.key.service.name)
      .member("id", event.key.id);
  if (names_a_status(event.kind)) json.member("status", registry::to_text(event.kind));
  json.member("by", event.by).member("detail", event.detail).member("index", event.index).close_object();
}

std::string stream_event(const registry::Event& event, std::string_view zone, EventNumbers numbers) {
  json::Writer json(320);
  describe_event(json, event, zone, numbers);
  const std::string data = json.take();
  check(!data.contains('\n'), "the data of an event is one line: a line end would end the event");
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", registry::to_text(event.id, numbers),
                     registry::to_text(event.kind), data);
}

std::string stream_start(EventId last, EventNumbers numbers) {
  const std::string text = registry::to_text(last, numbers);
  return fmt::format("retry: {}\n: the events after {}\nid: {}\n\n", k_retry_ms, text, text);
}

std::string stream_keep_alive(EventId last, EventNumbers numbers) {
  return fmt::format(": still here\nid: {}\n\n", registry::to_text(last, numbers));
}

std::string stream_gap(EventId from, EventId to, EventNumbers numbers) {
  const std::string_view quote = numbers == EventNumbers::plain ? "" : "\"";
  const std::string first = registry::to_text(from, numbers);
  const std::string last = registry::to_text(to, numbers);
  return fmt::format(
      "id: {}\nevent: gap\ndata: {{\"from\":{}{}{},\"to\":{}{}{},\"detail\":\"these events are not stored any "
      "more: read /v1/services to see what is so now\"}}\n\n",
      last, quote, first, quote, quote, last, quote);
}

std::string stream_end(std::string_view why, EventId last, EventNumbers numbers) {
  return fmt::format(": {}: connect again with Last-Event-ID: {}\n\n", why, registry::to_text(last, numbers));
}

}  // namespace rollcall::api
