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

void describe_event(json::Writer& json, const registry::Event& event, std::string_view zone) {
  json.open_object()
      .member("event_id", event.id)
      .member("event", registry::to_text(event.kind))
      .member("cause", registry::to_text(event.cause))
      .member("at", registry::format_wall_time(event.at))
      .member("zone", zone)
      .member("service", event.key.service.name)
      .member("id", event.key.id);
  if (names_a_status(event.kind)) json.member("status", registry::to_text(event.kind));
  json.member("by", event.by).member("detail", event.detail).member("index", event.index).close_object();
}

std::string stream_event(const registry::Event& event, std::string_view zone) {
  json::Writer json(320);
  describe_event(json, event, zone);
  const std::string data = json.take();
  check(!data.contains('\n'), "the data of an event is one line: a line end would end the event");
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.id, registry::to_text(event.kind), data);
}

std::string stream_start(EventId last) {
  return fmt::format("retry: {}\n: the events after {}\nid: {}\n\n", k_retry_ms, last, last);
}

std::string stream_keep_alive(EventId last) { return fmt::format(": still here\nid: {}\n\n", last); }

std::string stream_gap(EventId from, EventId to) {
  return fmt::format(
      "id: {}\nevent: gap\ndata: {{\"from\":{},\"to\":{},\"detail\":\"these events are not stored any "
      "more: read /v1/services to see what is so now\"}}\n\n",
      to, from, to);
}

std::string stream_end(std::string_view why, EventId last) {
  return fmt::format(": {}: connect again with Last-Event-ID: {}\n\n", why, last);
}

}  // namespace rollcall::api
