#include "api/router.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "api/audit.h"
#include "api/problem.h"
#include "base/check.h"
#include "base/log.h"
#include "base/rcu.h"

namespace rollcall::api {
namespace {

constexpr std::size_t k_quoted_path_max = 200;  // of a path, in a sentence about it

constexpr Method k_all_methods[] = {Method::get,   Method::head, Method::post,   Method::put,
                                    Method::patch, Method::del,  Method::options};

// The grant of a call that needs no right, whoever makes it.
const Grant& nothing() {
  static const Grant grant{Right::none, std::vector<registry::ZoneId>(), {}};
  return grant;
}

Refusal without_room(Counters& counters) {
  counters.without_room.fetch_add(1, std::memory_order_relaxed);
  return refusal_of({Errc::overloaded,
                     "the answers that clients have not read yet fill the memory kept for them, and this call may "
                     "need more: ask again in a second, and read answers before asking for more"});
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

Refusal too_large(std::size_t body_bytes_max) {
  return refusal_of(Fault::body_too_large,
                    fmt::format("the body is larger than the {} bytes this call takes", body_bytes_max));
}

// Fetch §3.2.2: what a browser asks before it sends a page's request.
Response answer_preflight(std::string methods) {
  Response response{204, {}, {}, {}};
  response.headers.emplace_back("Access-Control-Allow-Methods", std::move(methods));
  response.headers.emplace_back("Access-Control-Allow-Headers", "*, Authorization");
  return response;
}

// Notes who asked in the change, and has its outcome written to the audit.
Routed audited(Routed routed, bool is_change, const Principal& principal, const registry::ZoneDirectory& zones) {
  Submission* const submission = std::get_if<Submission>(&routed);
  if (submission == nullptr) return routed;
  if (std::holds_alternative<registry::Renew>(submission->change.asked)) return routed;  // a heartbeat
  check(is_change, "only routes of changes lead to the writer: others are routed ahead of it");
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

// `make`, whose response is finished as soon as it is made.
template <class Make>
auto finished(Make make, Finish finish) {
  return [make = std::move(make), finish = std::move(finish)](auto&&... arguments) mutable {
    Response response = make(std::forward<decltype(arguments)>(arguments)...);
    finish.apply(response);
    return response;
  };
}

void finish_later(Submission& submission, Finish finish) {
  check(submission.describe != nullptr, "a change says how its outcome is described");
  submission.describe = [finish = std::move(finish), describe = std::move(submission.describe)](
                            const registry::Outcome& outcome, registry::LeaseTime now) mutable {
    std::variant<Response, Wait> described = describe(outcome, now);
    if (Wait* wait = std::get_if<Wait>(&described)) {
      wait->answer = finished(std::move(wait->answer), std::move(finish));
    } else {
      finish.apply(std::get<Response>(described));
    }
    return described;
  };
}

void finish_later(Routed& routed, Finish finish) {
  if (Wait* wait = std::get_if<Wait>(&routed)) {
    check(wait->answer != nullptr && wait->at_most >= wait->at_most.zero(), "a wait ends, and has an answer then");
    wait->answer = finished(std::move(wait->answer), std::move(finish));
  } else if (HistoryRequest* history = std::get_if<HistoryRequest>(&routed)) {
    check(history->answer != nullptr && history->query.limit > 0, "a page of the history has a limit and an answer");
    history->answer = finished(std::move(history->answer), std::move(finish));
  } else if (LongAnswer* answer = std::get_if<LongAnswer>(&routed)) {
    check(answer->make != nullptr, "a long answer can be made");
    answer->make = finished(std::move(answer->make), std::move(finish));
  } else if (Submission* submission = std::get_if<Submission>(&routed)) {
    finish_later(*submission, std::move(finish));
  } else if (Submissions* submissions = std::get_if<Submissions>(&routed)) {
    check(submissions->describe != nullptr && !submissions->changes.empty(), "changes say how they are described");
    submissions->describe = finished(std::move(submissions->describe), std::move(finish));
  } else if (OtherChange* other = std::get_if<OtherChange>(&routed)) {
    check(other->begin != nullptr && other->describe != nullptr, "a change is begun and described");
    other->describe = finished(std::move(other->describe), std::move(finish));
  }
}

}  // namespace

Router::Router(const registry::Registry& registry, const registry::ZoneDirectory& zones, registry::Waiters& waiters,
               const Access& access, std::vector<const Door*> doors)
    : registry_(registry), zones_(zones), waiters_(waiters), access_(access) {
  for (const Door* door : doors) {
    const Manners& manners = door->manners();
    const bool finishes = manners.allows_other_origins || manners.is_conditional || manners.compresses;
    entries_.push_back({door, door->routes(), manners, finishes});
  }
  for (const Entry& entry : entries_) {
    check(!entry.routes.empty(), "a door has routes");
    for (const std::string_view claim : entry.manners.claims)
      check(claim.starts_with('/'), "a claim is part of a path");
    for (const Route& route : entry.routes) check(route.handler != nullptr, "a route has a handler");
    if (!entry.manners.claims.empty()) continue;
    check(default_ == nullptr, "one door alone owns the paths that no other claims");
    default_ = &entry;
  }
  check(default_ != nullptr, "one door owns the paths that no other claims");
}

Routed Router::route(const Request& request, registry::LeaseTime now, Counters& counters, PendingAhead ahead,
                     MemoryRoom room) const {
  const rcu::ReadLock lock;
  const Entry* entry = default_;
  Routed routed = find_and_run(request, now, counters, ahead, room, entry);
  if (std::holds_alternative<RouteAgain>(routed)) return routed;
  counters.requests.fetch_add(1, std::memory_order_relaxed);
  if (Response* response = std::get_if<Response>(&routed)) {
    if (entry->finishes) {
      Finish(entry->manners, request, counters).apply(*response);
    } else {
      count_errors(*response, counters);
    }
    return routed;
  }
  finish_later(routed, Finish(entry->manners, request, counters));
  return routed;
}

Routed Router::find_and_run(const Request& request, registry::LeaseTime now, Counters& counters, PendingAhead ahead,
                            MemoryRoom room, const Entry*& entry) const {
  const std::optional<Target> target = parse_target(request.target);
  if (!target) return refuse_target(request);
  const Found found = find(request.method, *target);
  entry = found.entry;
  if (found.route == nullptr) return refuse_path(*entry, *target, request);
  const Route& route = *found.route;
  if (ahead == PendingAhead::changes && route.effect != Effect::change) return RouteAgain{};
  const auto refuse = [&](Refusal refusal) { return entry->door->refuse(std::move(refusal), request); };
  const Result<Query> query = Query::parse(target->query, entry->manners.parameters);
  const Result<Standing> standing = admit(request, found, query);
  if (!standing) return refuse(refusal_of(standing.error()));
  if (request.body.size() > route.options.body_bytes_max) return refuse(too_large(route.options.body_bytes_max));
  const Result<void> parameters = check_parameters(*entry->door, route.options.takes, query, zones_);
  if (!parameters) return refuse(refusal_of(parameters.error()));
  if (room == MemoryRoom::little && route.options.answer == AnswerSize::any) return refuse(without_room(counters));
  const Call call{request, *entry->door, route,  found.path, *query,   *standing,
                  now,     registry_,    zones_, waiters_,   counters, ahead};
  return audited(route.handler(call), call.is_change(), standing->principal, zones_);
}

// The first route that takes the method and has the path. Only where there is none, a slash at the end may be ignored.
Router::Found Router::find(Method method, const Target& target) const {
  Found found;
  for (const Entry& entry : entries_) {
    for (const Route& route : entry.routes) {
      if (!route.takes(method) || !route.path.match(target, found.path)) continue;
      found.entry = &entry;
      found.route = &route;
      return found;
    }
  }
  found.entry = &owner_of(target);
  if (!found.entry->manners.ignores_final_slash) return found;
  const std::optional<Target> shorter = without_final_slash(target);
  if (!shorter) return found;
  for (const Route& route : found.entry->routes) {
    if (!route.takes(method) || !route.path.match(*shorter, found.path)) continue;
    found.route = &route;
    return found;
  }
  return found;
}

// The door that has the path for other methods, else the one that claims it, else the default door.
const Router::Entry& Router::owner_of(const Target& target) const {
  for (const Entry& entry : entries_) {
    if (!methods_at(entry, target).empty()) return entry;
  }
  for (const Entry& entry : entries_) {
    const auto covers = [&](std::string_view claim) { return target.path.starts_with(claim); };
    if (std::ranges::any_of(entry.manners.claims, covers)) return entry;
  }
  return *default_;
}

// What a path can be asked for, as an Allow field says it; empty: the door does not have it.
std::string Router::methods_at(const Entry& entry, const Target& target) {
  const std::optional<Target> shorter =
      entry.manners.ignores_final_slash ? without_final_slash(target) : std::optional<Target>();
  std::string methods;
  PathMatch ignored;
  for (const Route& route : entry.routes) {
    if (!route.path.match(target, ignored) && !(shorter && route.path.match(*shorter, ignored))) continue;
    for (const Method method : k_all_methods) {
      if (route.takes(method)) methods.append(methods.empty() ? "" : ", ").append(to_text(method));
    }
  }
  return methods;
}

Response Router::refuse_target(const Request& request) const {
  return default_->door->refuse(
      refusal_of(Fault::bad_target, "the request's target is no URL path; percent-encode what is not allowed there"),
      request);
}

// No route: 405 where the path is there with other methods (RFC 9110 §15.5.6), else 404.
Response Router::refuse_path(const Entry& entry, const Target& target, const Request& request) {
  std::string allowed = methods_at(entry, target);
  const std::string_view path = target.path.substr(0, k_quoted_path_max);
  if (allowed.empty()) {
    return entry.door->refuse(refusal_of(Fault::no_such_path, fmt::format("there is nothing at {}", path)), request);
  }
  if (request.method == Method::options && entry.manners.allows_other_origins)
    return answer_preflight(std::move(allowed));
  Refusal refusal = refusal_of(Fault::method_not_allowed, fmt::format("{} takes {}", path, allowed));
  refusal.headers.emplace_back("Allow", std::move(allowed));
  return entry.door->refuse(std::move(refusal), request);
}

// What the request may do, for this call.
Result<Standing> Router::admit(const Request& request, const Found& found, const Result<Query>& query) const {
  const Route& route = *found.route;
  const bool is_open = route.options.opened_by != nullptr && (*access_.current()).*route.options.opened_by;
  if (route.right == Right::none) return Standing{{}, &nothing()};
  check(request.caller != nullptr, "net knows whose connection it is");
  static const Query k_no_query;
  const Query& shown = query ? *query : k_no_query;
  Result<Standing> standing = request.caller->identify(access_, found.entry->door->credentials_of(request, shown));
  const Right needed = route.right;
  if (is_open && !(standing && standing->grant->right >= needed)) return Standing{{}, &nothing()};
  if (!standing) return standing;
  // A page from anywhere may send requests from this machine; only a token shows that it was meant to.
  const bool is_forged =
      request.is_from_page && standing->principal.kind == Principal::Kind::address && needed > Right::read;
  if (!is_forged && standing->grant->right >= needed) return standing;
  Error error = is_forged ? Error{Errc::forbidden,
                                  "pages in a browser (the request has an Origin field) change nothing "
                                  "without a token"}
                          : lacks_right(*standing, needed);
  if (route.effect != Effect::none) record_refusal(request, standing->principal, error.message);
  return std::unexpected(std::move(error));
}

std::optional<Response> Router::refuse_unread(const Request& head, Counters& counters) const {
  const Entry* entry = default_;
  const auto find_fault = [&]() -> std::optional<Response> {
    const std::optional<Target> target = parse_target(head.target);
    if (!target) return refuse_target(head);
    const Found found = find(head.method, *target);
    entry = found.entry;
    if (found.route == nullptr) return refuse_path(*entry, *target, head);
    const Result<Query> query = Query::parse(target->query, entry->manners.parameters);
    const Result<Standing> standing = admit(head, found, query);
    if (!standing) return entry->door->refuse(refusal_of(standing.error()), head);
    return std::nullopt;
  };
  std::optional<Response> refused = find_fault();
  if (refused) {
    counters.requests.fetch_add(1, std::memory_order_relaxed);
    Finish(entry->manners, head, counters).apply(*refused);
  }
  return refused;
}

Response Router::refuse_large_body(const Request& head, Counters& counters) const {
  const std::optional<Target> target = parse_target(head.target);
  const Found found = target ? find(head.method, *target) : Found{.entry = default_};
  const std::size_t most = found.route == nullptr ? limits::k_http_body_bytes_max : found.route->options.body_bytes_max;
  Response response = found.entry->door->refuse(too_large(most), head);
  Finish(found.entry->manners, head, counters).apply(response);
  return response;
}

std::size_t Router::body_bytes_max(const Request& head) const {
  const std::optional<Target> target = parse_target(head.target);
  if (!target) return limits::k_http_body_bytes_max;
  const Found found = find(head.method, *target);
  return found.route == nullptr ? limits::k_http_body_bytes_max : found.route->options.body_bytes_max;
}

Response refuse_for_room(Counters& counters) {
  Response response = problem(without_room(counters));
  count_errors(response, counters);
  return response;
}

}  // namespace rollcall::api
