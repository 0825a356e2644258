#include "api/router.h"

#include <array>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "api/audit.h"
#include "api/calls.h"
#include "api/problem.h"
#include "api/target.h"
#include "base/check.h"
#include "base/log.h"
#include "base/rcu.h"

namespace rollcall::api {

// A path with places: "{service}" and "{id}" stand for one segment that is not empty.
struct Shape {
  consteval Shape(const char* path) {  // NOLINT(google-explicit-constructor): reads as text in the table
    std::string_view text = path;
    while (!text.empty()) {
      text.remove_prefix(1);
      const std::size_t length = text.find('/') == std::string_view::npos ? text.size() : text.find('/');
      segments[count++] = text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  std::array<std::string_view, k_path_segments_max> segments{};
  std::size_t count = 0;
};

// Whether a call goes to the writer, and so may follow other changes there.
enum class Kind : std::uint8_t { at_once, change };

// A setting that takes a route's right away.
enum class Opening : std::uint8_t { never, open_metrics };

// How large an answer may be: beyond a few KiB it needs room (MemoryRoom).
enum class Size : std::uint8_t { small, any };

struct Route {
  Method method;
  Shape path;
  Right right;  // what the caller must have; no line goes without
  Routed (*run)(const Call&);
  Kind kind = Kind::at_once;
  Takes takes = Takes::nothing;
  Opening opening = Opening::never;
  Size size = Size::small;
};

namespace {

// The API. HEAD is a GET whose body is not sent. The most frequent calls come first.
constexpr Route k_routes[] = {
    {Method::post, "/v1/services/{service}/instances/{id}/heartbeat", Right::write, &renew_instance},
    {Method::post, "/v1/heartbeat", Right::write, &register_by_heartbeat, Kind::change},
    {Method::post, "/v1/heartbeats", Right::write, &renew_many},
    {Method::get, "/v1/services/{service}/instances/{id}", Right::read, &read_instance},
    {Method::put, "/v1/services/{service}/instances/{id}", Right::write, &register_instance, Kind::change},
    {Method::del, "/v1/services/{service}/instances/{id}", Right::write, &deregister, Kind::change},
    {Method::post, "/v1/services/{service}/instances", Right::write, &register_in_service, Kind::change},
    {Method::post, "/v1/services/{service}/instances/{id}/drain", Right::write, &drain, Kind::change, Takes::wait},
    {Method::del, "/v1/services/{service}/instances/{id}/drain", Right::write, &end_drain, Kind::change},
    {Method::get, "/v1/services/{service}", Right::read, &read_service, Kind::at_once,
     Takes::tag | Takes::status | Takes::index | Takes::wait, Opening::never, Size::any},
    {Method::get, "/v1/services", Right::read, &list_services, Kind::at_once, Takes::nothing, Opening::never,
     Size::any},
    {Method::get, "/v1/watch", Right::read, &watch_events, Kind::at_once, Takes::service | Takes::last_event_id,
     Opening::never, Size::any},
    {Method::get, "/v1/events", Right::read, &list_events, Kind::at_once, Takes::service | Takes::id | Takes::limit,
     Opening::never, Size::any},
    {Method::get, "/v1/explain", Right::read, &read_explanation, Kind::at_once, Takes::name | Takes::type,
     Opening::never, Size::any},
    {Method::get, "/v1/status", Right::read, &read_status},
    {Method::get, "/healthz", Right::none, &read_health},
    {Method::get, "/readyz", Right::none, &read_readiness},
    {Method::get, "/metrics", Right::read, &read_metrics, Kind::at_once, Takes::nothing, Opening::open_metrics},
};

constexpr std::size_t k_quoted_bytes_max = 200;  // of a path, in a sentence about it

// What stood in the places of a shape.
struct Match {
  std::string_view service;
  std::string_view id;
};

std::optional<Match> match(const Shape& shape, const Target& target) {
  if (shape.count != target.segment_count) return std::nullopt;
  Match found;
  for (std::size_t i = 0; i < shape.count; ++i) {
    const std::string_view segment = target.segments[i];
    if (shape.segments[i] == "{service}" && !segment.empty()) {
      found.service = segment;
    } else if (shape.segments[i] == "{id}" && !segment.empty()) {
      found.id = segment;
    } else if (shape.segments[i] != segment) {
      return std::nullopt;
    }
  }
  return found;
}

// A line of the table, and what stands in the places of its path.
struct Found {
  const Route& route;
  Match match;
};

std::optional<Found> find_route(Method method, const Target& target) {
  if (method == Method::head) method = Method::get;
  for (const Route& route : k_routes) {
    if (route.method != method) continue;
    if (const std::optional<Match> found = match(route.path, target)) return Found{route, *found};
  }
  return std::nullopt;
}

Response refuse_target() {
  return problem(400, "bad_target", "the request's target is no URL path; percent-encode what is not allowed there");
}

std::string_view to_text(Method method) {
  switch (method) {
    case Method::get: return "GET, HEAD";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::del: return "DELETE";
    case Method::other: break;
  }
  return "";
}

// No line of the table: 405 where the path is there with other methods (RFC 9110 §15.5.6), else 404.
Response refuse(const Target& target) {
  std::string allowed;
  for (const Route& route : k_routes) {
    if (match(route.path, target)) allowed.append(allowed.empty() ? "" : ", ").append(to_text(route.method));
  }
  const std::string_view path = target.path.substr(0, k_quoted_bytes_max);
  if (allowed.empty()) return problem(404, "no_such_path", fmt::format("there is nothing at {}", path));
  Response response = problem(405, "method_not_allowed", fmt::format("{} takes {}", path, allowed));
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

Response without_room(Counters& counters) {
  counters.without_room.fetch_add(1, std::memory_order_relaxed);
  return problem({Errc::overloaded,
                  "the answers that clients have not read yet fill the memory kept for them, and this call may need "
                  "more: ask again in a second, and read answers before asking for more"});
}

void count_when_answered(Wait& wait, Counters& counters) {
  wait.answer = [&counters, answer = std::move(wait.answer)](registry::LeaseTime now) mutable {
    Response response = answer(now);
    count_errors(response, counters);
    return response;
  };
}

void count_when_answered(LongAnswer& list, Counters& counters) {
  list.make = [&counters, make = std::move(list.make)](registry::LeaseTime now) mutable {
    Response response = make(now);
    count_errors(response, counters);
    return response;
  };
}

void count_when_answered(HistoryRequest& history, Counters& counters) {
  history.answer = [&counters, answer = std::move(history.answer)](const Result<registry::HistoryPage>& page) mutable {
    Response response = answer(page);
    count_errors(response, counters);
    return response;
  };
}

// What a call that needs no right is let in with, without a look at who asks.
const Grant& nothing() {
  static const Grant grant{Right::none, std::vector<registry::ZoneId>(), {}};
  return grant;
}

Error lacks_right(const Standing& standing, Right needed) {
  if (standing.principal.kind == Principal::Kind::address) {
    return {Errc::forbidden,
            "changes are taken from this machine alone, as long as the settings have no [[token]]: configure one, or "
            "set open = true in [http] where everybody who reaches the port may change everything"};
  }
  return {Errc::forbidden, fmt::format("{} may {}, and this call needs {}", standing.principal.text(),
                                       to_text(standing.grant->right), to_text(needed))};
}

// What comes of a change is written down when it is known.
Routed audited(Routed routed, const Principal& principal, const registry::ZoneDirectory& zones) {
  Submission* const submission = std::get_if<Submission>(&routed);
  if (submission == nullptr) return routed;
  submission->change.by = principal.text();
  if (!log::enabled(log::Level::info)) return routed;
  submission->describe = [audit = Audit(submission->change, principal, zones),
                          describe = std::move(submission->describe)](const registry::Outcome& outcome,
                                                                      registry::LeaseTime now) mutable {
    audit.record(outcome);
    return describe(outcome, now);
  };
  return routed;
}

}  // namespace

// As whom the request is let in, for this call.
Result<Standing> Router::admit(const Request& request, const Route& route) const {
  const bool is_open = route.opening == Opening::open_metrics && access_.current()->open_metrics;
  const Right needed = is_open ? Right::none : route.right;
  if (needed == Right::none) return Standing{{}, &nothing()};
  check(request.caller != nullptr, "net knows whose connection it is");
  Result<Standing> standing = request.caller->identify(access_, request.authorization);
  if (!standing) return standing;
  // A page from anywhere may send requests from this machine; only a token shows that it was meant to.
  const bool is_forged =
      request.is_from_page && standing->principal.kind == Principal::Kind::address && needed > Right::read;
  if (!is_forged && standing->grant->right >= needed) return standing;
  Error error = is_forged ? Error{Errc::forbidden,
                                  "pages in a browser (the request has an Origin field) change nothing "
                                  "without a token"}
                          : lacks_right(*standing, needed);
  if (route.kind == Kind::change) record_refusal(request, standing->principal, error.message);
  return std::unexpected(std::move(error));
}

Routed Router::find_and_run(const Request& request, registry::LeaseTime now, Counters& counters, PendingAhead ahead,
                            MemoryRoom room) const {
  const std::optional<Target> target = parse_target(request.target);
  if (!target) return refuse_target();
  const std::optional<Found> found = find_route(request.method, *target);
  if (!found) return refuse(*target);
  const Route& route = found->route;
  const bool is_change = route.kind == Kind::change;
  if (ahead == PendingAhead::changes && !is_change) return RouteAgain{};
  const Result<Standing> standing = admit(request, route);
  if (!standing) return problem(standing.error());
  Result<Parameters> parameters = parse_parameters(target->query, route.takes, zones_);
  if (!parameters) return problem(parameters.error());
  if (room == MemoryRoom::little && route.size == Size::any) return without_room(counters);
  const Call call{request,
                  now,
                  found->match.service,
                  found->match.id,
                  std::move(*parameters),
                  registry_,
                  zones_,
                  server_,
                  counters,
                  ahead,
                  route.right,
                  is_change,
                  *standing};
  return audited(route.run(call), call.standing.principal, zones_);
}

std::optional<Response> Router::refuse_unread(const Request& head, Counters& counters) const {
  const auto find_fault = [&]() -> std::optional<Response> {
    const std::optional<Target> target = parse_target(head.target);
    if (!target) return refuse_target();
    const std::optional<Found> found = find_route(head.method, *target);
    if (!found) return refuse(*target);
    const Result<Standing> standing = admit(head, found->route);
    if (!standing) return problem(standing.error());
    return std::nullopt;
  };
  std::optional<Response> refused = find_fault();
  if (refused) {
    counters.requests.fetch_add(1, std::memory_order_relaxed);
    count_errors(*refused, counters);
  }
  return refused;
}

Routed Router::route(const Request& request, registry::LeaseTime now, Counters& counters, PendingAhead ahead,
                     MemoryRoom room) const {
  const rcu::ReadLock lock;
  Routed routed = find_and_run(request, now, counters, ahead, room);
  if (std::holds_alternative<RouteAgain>(routed)) return routed;
  counters.requests.fetch_add(1, std::memory_order_relaxed);
  if (const Response* response = std::get_if<Response>(&routed)) {
    count_errors(*response, counters);
    return routed;
  }
  if (Wait* wait = std::get_if<Wait>(&routed)) {
    count_when_answered(*wait, counters);
    return routed;
  }
  if (HistoryRequest* history = std::get_if<HistoryRequest>(&routed)) {
    count_when_answered(*history, counters);
    return routed;
  }
  if (LongAnswer* list = std::get_if<LongAnswer>(&routed)) {
    count_when_answered(*list, counters);
    return routed;
  }
  if (std::holds_alternative<Watch>(routed)) return routed;
  Submission& submission = std::get<Submission>(routed);
  submission.describe = [&counters, describe = std::move(submission.describe)](const registry::Outcome& outcome,
                                                                               registry::LeaseTime then) mutable {
    std::variant<Response, Wait> described = describe(outcome, then);
    if (Wait* wait = std::get_if<Wait>(&described)) {
      count_when_answered(*wait, counters);
    } else {
      count_errors(std::get<Response>(described), counters);
    }
    return described;
  };
  return routed;
}

bool Router::is_over(const Wait& wait) const {
  if (!wait.service) return false;
  const rcu::ReadLock lock;
  const registry::Service* service = registry_.find_service(wait.service->ref());
  return (service == nullptr ? 0 : service->index) != wait.known;
}

std::size_t Router::body_bytes_max(const Request& head) {
  const std::string_view path = head.target.substr(0, head.target.find('?'));
  const bool is_batch = head.method == Method::post && path == "/v1/heartbeats";
  return is_batch ? limits::k_http_batch_body_bytes_max : limits::k_http_body_bytes_max;
}

Response refuse_for_room(Counters& counters) {
  Response response = without_room(counters);
  count_errors(response, counters);
  return response;
}

void count_errors(const Response& response, Counters& counters) {
  if (response.status == 401) counters.unauthenticated.fetch_add(1, std::memory_order_relaxed);
  if (response.status == 403) counters.forbidden.fetch_add(1, std::memory_order_relaxed);
  if (response.status >= 500) {
    counters.server_errors.fetch_add(1, std::memory_order_relaxed);
  } else if (response.status >= 400) {
    counters.client_errors.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace rollcall::api
