#include "api/api.h"

#include <array>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "api/calls.h"
#include "api/problem.h"
#include "api/target.h"
#include "base/rcu.h"

namespace rollcall::api {
namespace {

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

struct Route {
  Method method;
  Shape path;
  Routed (*run)(const Call&);
  Kind kind = Kind::at_once;
  Takes takes = Takes::nothing;
};

// The API. HEAD is a GET whose body is not sent. The most frequent calls come first.
constexpr Route k_routes[] = {
    {Method::post, "/v1/services/{service}/instances/{id}/heartbeat", &renew_instance},
    {Method::post, "/v1/heartbeat", &register_by_heartbeat, Kind::change},
    {Method::post, "/v1/heartbeats", &renew_many},
    {Method::get, "/v1/services/{service}/instances/{id}", &read_instance},
    {Method::put, "/v1/services/{service}/instances/{id}", &register_instance, Kind::change},
    {Method::del, "/v1/services/{service}/instances/{id}", &deregister, Kind::change},
    {Method::post, "/v1/services/{service}/instances", &register_in_service, Kind::change},
    {Method::post, "/v1/services/{service}/instances/{id}/drain", &drain, Kind::change, Takes::wait},
    {Method::del, "/v1/services/{service}/instances/{id}/drain", &end_drain, Kind::change},
    {Method::get, "/v1/services/{service}", &read_service, Kind::at_once,
     Takes::tag | Takes::status | Takes::index | Takes::wait},
    {Method::get, "/v1/services", &list_services},
    {Method::get, "/v1/explain", &read_explanation, Kind::at_once, Takes::name | Takes::type},
    {Method::get, "/v1/status", &read_status},
    {Method::get, "/healthz", &read_health},
    {Method::get, "/readyz", &read_readiness},
    {Method::get, "/metrics", &read_metrics},
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

void count_when_answered(Wait& wait, Counters& counters) {
  wait.answer = [&counters, answer = std::move(wait.answer)](registry::LeaseTime now) mutable {
    Response response = answer(now);
    count_errors(response, counters);
    return response;
  };
}

}  // namespace

Routed Api::find_and_run(const Request& request, registry::LeaseTime now, Counters& counters, Ahead ahead) const {
  const std::optional<Target> target = parse_target(request.target);
  if (!target) {
    return problem(400, "bad_target", "the request's target is no URL path; percent-encode what is not allowed there");
  }
  const Method method = request.method == Method::head ? Method::get : request.method;
  for (const Route& route : k_routes) {
    if (route.method != method) continue;
    const std::optional<Match> found = match(route.path, *target);
    if (!found) continue;
    if (ahead == Ahead::changes && route.kind != Kind::change) return Later{};
    Result<Parameters> parameters = parse_parameters(target->query, route.takes, zones_);
    if (!parameters) return problem(parameters.error());
    return route.run(
        {request, now, found->service, found->id, std::move(*parameters), registry_, zones_, server_, counters, ahead});
  }
  return refuse(*target);
}

Routed Api::route(const Request& request, registry::LeaseTime now, Counters& counters, Ahead ahead) const {
  const rcu::ReadLock lock;
  Routed routed = find_and_run(request, now, counters, ahead);
  if (std::holds_alternative<Later>(routed)) return routed;
  counters.requests.fetch_add(1, std::memory_order_relaxed);
  if (const Response* response = std::get_if<Response>(&routed)) {
    count_errors(*response, counters);
    return routed;
  }
  if (Wait* wait = std::get_if<Wait>(&routed)) {
    count_when_answered(*wait, counters);
    return routed;
  }
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

std::size_t Api::body_bytes_max(const Request& head) {
  const std::string_view path = head.target.substr(0, head.target.find('?'));
  const bool is_batch = head.method == Method::post && path == "/v1/heartbeats";
  return is_batch ? limits::k_http_batch_body_bytes_max : limits::k_http_body_bytes_max;
}

void count_errors(const Response& response, Counters& counters) {
  if (response.status >= 500) {
    counters.server_errors.fetch_add(1, std::memory_order_relaxed);
  } else if (response.status >= 400) {
    counters.client_errors.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace rollcall::api
