// The history of the roll: as it happens, and as it was.
#include <string>
#include <utility>

#include "api/event_text.h"
#include "api/native/calls.h"
#include "api/problem.h"

namespace rollcall::api::native {
namespace {

// The header is newer than the parameter: an EventSource that reconnects repeats the URL it began with.
Result<std::optional<registry::EventId>> last_event_id(const Call& call) {
  const registry::EventNumbers numbers = call.registry.event_numbers();
  std::optional<registry::EventId> known;
  const auto read = [&](std::string_view text, std::string_view field) -> Result<void> {
    const Result<registry::EventId> id = parse_event_id(text, field, numbers);
    if (!id) return std::unexpected(id.error());
    known = *id;
    return {};
  };
  if (const std::optional<std::string>& parameter = call.parameters.last_event_id) {
    if (const auto is_read = read(*parameter, "last_event_id"); !is_read) return std::unexpected(is_read.error());
  }
  const std::string_view header = call.request.header("Last-Event-ID");
  if (!header.empty()) {
    if (const auto is_read = read(header, "Last-Event-ID"); !is_read) return std::unexpected(is_read.error());
  }
  return known;
}

}  // namespace

// All zones, unless one is named.
Routed watch_events(const Call& call) {
  if (const auto permitted = permit_range(call, call.parameters.zone, call.parameters.service); !permitted) {
    return problem(permitted.error());
  }
  const auto after = last_event_id(call);
  if (!after) return problem(after.error());
  return Watch{.what = {.zone = call.parameters.zone, .service = call.parameters.service}, .after = *after};
}

Routed list_events(const Call& call) {
  if (const auto permitted = permit_range(call, call.parameters.zone, call.parameters.service); !permitted) {
    return problem(permitted.error());
  }
  registry::HistoryQuery query{.what = {.zone = call.parameters.zone, .service = call.parameters.service},
                               .id = call.parameters.id,
                               .after = std::nullopt,
                               .limit = call.parameters.limit.value_or(limits::k_events_limit_default)};
  const bool is_long = query.limit > limits::k_http_list_at_once_max;
  return HistoryRequest{
      std::move(query),
      [&zones = call.zones, numbers = call.registry.event_numbers()](const Result<registry::HistoryPage>& page) {
        if (!page) return problem(page.error());
        json::Writer json(64 + 320 * page->events.size());
        json.open_object().name("events").open_array();
        for (const registry::Event& event : page->events) {
          describe_event(json, event, zones.name_of(event.key.service.zone), numbers);
        }
        json.close_array().close_object();
        Response response;
        response.body = json.take();
        return response;
      },
      is_long};
}

}  // namespace rollcall::api::native
