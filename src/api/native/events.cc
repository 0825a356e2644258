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
  const std::string_view header = call.request.header("Last-Event-ID");
  if (header.empty()) return call.parameters.last_event_id;
  const auto id = parse_event_id(header, "Last-Event-ID");
  if (!id) return std::unexpected(id.error());
  return *id;
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
  return HistoryRequest{std::move(query),
                        [&zones = call.zones](const Result<registry::HistoryPage>& page) {
                          if (!page) return problem(page.error());
                          json::Writer json(64 + 320 * page->events.size());
                          json.open_object().name("events").open_array();
                          for (const registry::Event& event : page->events) {
                            describe_event(json, event, zones.name_of(event.key.service.zone));
                          }
                          json.close_array().close_object();
                          Response response;
                          response.body = json.take();
                          return response;
                        },
                        is_long};
}

}  // namespace rollcall::api::native
