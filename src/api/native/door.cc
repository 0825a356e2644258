#include "api/native/door.h"

#include <utility>

#include "api/native/calls.h"
#include "api/native/parameters.h"
#include "api/problem.h"
#include "base/limits.h"

namespace rollcall::api::native {
namespace {

// A handler of this door, for the table: it gets its typed parameters with the call.
template <Routed (*handler)(const Call&)>
Routed run(const api::Call& call) {
  return handler(Call(call));
}

constexpr RouteOptions takes(Takes parameters) { return {.takes = static_cast<ParameterSet>(parameters)}; }
constexpr RouteOptions shows(Takes parameters) {
  return {.takes = static_cast<ParameterSet>(parameters), .answer = AnswerSize::any};
}
constexpr Takes k_shown = Takes::at_least | Takes::consistent | Takes::wait;
constexpr Takes k_changed = Takes::everywhere | Takes::wait;
constexpr Takes k_listed = Takes::cursor | Takes::limit | Takes::sort | Takes::service | Takes::status | Takes::tag |
                           Takes::meta | Takes::text;
constexpr RouteOptions k_batch = {.body_bytes_max = limits::k_http_batch_body_bytes_max};
constexpr RouteOptions k_metrics = {.opened_by = &AccessRules::open_metrics};

// The most frequent calls come first.
constexpr Route k_routes[] = {
    {Method::post, "/v1/services/{service}/instances/{id}/heartbeat", Right::write, &run<&renew_instance>},
    {Method::post, "/v1/heartbeat", Right::write, &run<&register_by_heartbeat>, Effect::change, takes(k_changed)},
    {Method::post, "/v1/heartbeats", Right::write, &run<&renew_many>, Effect::none, k_batch},
    {Method::get, "/v1/services/{service}/instances/{id}", Right::read, &run<&read_instance>, Effect::none,
     takes(k_shown)},
    {Method::put, "/v1/services/{service}/instances/{id}", Right::write, &run<&register_instance>, Effect::change,
     takes(k_changed)},
    {Method::del, "/v1/services/{service}/instances/{id}", Right::write, &run<&deregister>, Effect::change,
     takes(k_changed)},
    {Method::patch, "/v1/services/{service}/instances/{id}", Right::write, &run<&patch_instance>, Effect::change,
     takes(k_changed)},
    {Method::post, "/v1/services/{service}/instances", Right::write, &run<&register_in_service>, Effect::change,
     takes(k_changed)},
    {Method::post, "/v1/services/{service}/instances/{id}/drain", Right::write, &run<&drain>, Effect::change,
     takes(k_changed)},
    {Method::del, "/v1/services/{service}/instances/{id}/drain", Right::write, &run<&end_drain>, Effect::change,
     takes(k_changed)},
    {Method::get, "/v1/services/{service}", Right::read, &run<&read_service>, Effect::none,
     shows(Takes::tag | Takes::status | Takes::index | k_shown)},
    {Method::del, "/v1/services/{service}", Right::write, &run<&forget_service>, Effect::change, takes(k_changed)},
    {Method::get, "/v1/instances", Right::read, &run<&list_instances>, Effect::none, shows(k_listed)},
    {Method::get, "/v1/services", Right::read, &run<&list_services>, Effect::none, shows(k_shown)},
    {Method::get, "/v1/watch", Right::read, &run<&watch_events>, Effect::none,
     shows(Takes::service | Takes::last_event_id)},
    {Method::get, "/v1/events", Right::read, &run<&list_events>, Effect::none,
     shows(Takes::service | Takes::id | Takes::limit)},
    {Method::get, "/v1/explain", Right::read, &run<&read_explanation>, Effect::none, shows(Takes::name | Takes::type)},
    {Method::get, "/v1/status", Right::read, &run<&read_status>},
    {Method::get, "/v1/whoami", Right::read, &run<&read_rights>},
    {Method::get, "/v1/nodes", Right::read, &run<&read_nodes>},
    {Method::get, "/", Right::none, &run<&read_front_page>},
    {Method::get, "/healthz", Right::none, &run<&read_health>},
    {Method::get, "/readyz", Right::none, &run<&read_readiness>},
    {Method::get, "/metrics", Right::read, &run<&read_metrics>, Effect::none, k_metrics},
};

}  // namespace

std::span<const Route> NativeDoor::routes() const { return k_routes; }

const Manners& NativeDoor::manners() const {
  static const Manners manners{.parameters = ParameterManner::strict, .known_parameters = known_parameters()};
  return manners;
}

Response NativeDoor::refuse(Refusal refusal, const Request&) const { return problem(std::move(refusal)); }

Result<void> NativeDoor::check_parameter(std::string_view name, std::string_view value,
                                         const registry::ZoneDirectory& zones) const {
  Parameters ignored;
  return read_parameter(name, value, zones, ignored);
}

}  // namespace rollcall::api::native
