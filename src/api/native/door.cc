#include "api/native/door.h"

#include <utility>

#include "api/native/calls.h"
#include "api/native/openapi/document.h"
#include "api/native/openapi/operations.h"
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
constexpr openapi::Described k_table[] = {
    {{Method::post, "/v1/services/{service}/instances/{id}/heartbeat", Right::write, &run<&renew_instance>},
     openapi::k_renew_instance},
    {{Method::post, "/v1/heartbeat", Right::write, &run<&register_by_heartbeat>, Effect::change, takes(k_changed)},
     openapi::k_register_by_heartbeat},
    {{Method::post, "/v1/heartbeats", Right::write, &run<&renew_many>, Effect::none, k_batch}, openapi::k_renew_many},
    {{Method::get, "/v1/services/{service}/instances/{id}", Right::read, &run<&read_instance>, Effect::none,
      takes(k_shown)},
     openapi::k_read_instance},
    {{Method::put, "/v1/services/{service}/instances/{id}", Right::write, &run<&register_instance>, Effect::change,
      takes(k_changed)},
     openapi::k_register_instance},
    {{Method::del, "/v1/services/{service}/instances/{id}", Right::write, &run<&deregister>, Effect::change,
      takes(k_changed)},
     openapi::k_deregister},
    {{Method::patch, "/v1/services/{service}/instances/{id}", Right::write, &run<&patch_instance>, Effect::change,
      takes(k_changed)},
     openapi::k_patch_instance},
    {{Method::post, "/v1/services/{service}/instances", Right::write, &run<&register_in_service>, Effect::change,
      takes(k_changed)},
     openapi::k_register_in_service},
    {{Method::post, "/v1/services/{service}/instances/{id}/drain", Right::write, &run<&drain>, Effect::change,
      takes(k_changed)},
     openapi::k_drain},
    {{Method::del, "/v1/services/{service}/instances/{id}/drain", Right::write, &run<&end_drain>, Effect::change,
      takes(k_changed)},
     openapi::k_end_drain},
    {{Method::get, "/v1/services/{service}", Right::read, &run<&read_service>, Effect::none,
      shows(Takes::tag | Takes::status | Takes::index | k_shown)},
     openapi::k_read_service},
    {{Method::del, "/v1/services/{service}", Right::write, &run<&forget_service>, Effect::change, takes(k_changed)},
     openapi::k_forget_service},
    {{Method::get, "/v1/instances", Right::read, &run<&list_instances>, Effect::none, shows(k_listed)},
     openapi::k_list_instances},
    {{Method::get, "/v1/services", Right::read, &run<&list_services>, Effect::none, shows(k_shown)},
     openapi::k_list_services},
    {{Method::get, "/v1/watch", Right::read, &run<&watch_events>, Effect::none,
      shows(Takes::service | Takes::last_event_id)},
     openapi::k_watch_events},
    {{Method::get, "/v1/events", Right::read, &run<&list_events>, Effect::none,
      shows(Takes::service | Takes::id | Takes::limit)},
     openapi::k_list_events},
    {{Method::get, "/v1/explain", Right::read, &run<&read_explanation>, Effect::none, shows(Takes::name | Takes::type)},
     openapi::k_read_explanation},
    {{Method::get, "/v1/status", Right::read, &run<&read_status>}, openapi::k_read_status},
    {{Method::get, "/v1/whoami", Right::read, &run<&read_rights>}, openapi::k_read_rights},
    {{Method::get, "/v1/nodes", Right::read, &run<&read_nodes>}, openapi::k_read_nodes},
    {{Method::get, "/v1/openapi.json", Right::read, &run<&read_document>}, openapi::k_read_document},
    {{Method::get, "/", Right::none, &run<&read_front_page>}, openapi::k_read_front_page},
    {{Method::get, "/healthz", Right::none, &run<&read_health>}, openapi::k_read_health},
    {{Method::get, "/readyz", Right::none, &run<&read_readiness>}, openapi::k_read_readiness},
    {{Method::get, "/metrics", Right::read, &run<&read_metrics>, Effect::none, k_metrics}, openapi::k_read_metrics},
};

constexpr auto k_routes = openapi::routes_of(k_table);

}  // namespace

std::span<const Route> NativeDoor::routes() const { return k_routes; }

const std::string& NativeDoor::document(registry::EventNumbers numbers) const {
  std::call_once(is_documented_, [&] { document_ = openapi::write_document(k_table, server_.version(), numbers); });
  return document_;
}

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
