#include "api/consul/session.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <chrono>
#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "api/consul/agent/holder.h"
#include "api/consul/door.h"
#include "api/consul/keys/calls.h"
#include "api/consul/keys/shown.h"
#include "base/ascii_case.h"
#include "consul/seen.h"
#include "json/writer.h"
#include "kv/limits.h"
#include "kv/loose_object.h"
#include "kv/session_checks.h"

namespace rollcall::api::consul {
namespace {

namespace bj = boost::json;
using kv::Topic;
using std::chrono::milliseconds;

// Go's `time.Duration` as a bare number is nanoseconds; below a thousand Consul takes it for seconds.
Result<void> read_lock_delay(const kv::LooseObject& body, milliseconds& into) {
  constexpr std::int64_t k_seconds_below = 1'000;
  const bj::value* const given = body.find("lockdelay");
  if (given == nullptr) return {};
  if (given->is_int64() && given->get_int64() >= 0 && given->get_int64() < k_seconds_below) {
    into = std::chrono::seconds(given->get_int64());
  } else if (Result<void> read = body.take("lockdelay", into); !read) {
    return failure(Errc::invalid, "Request decode failed: LockDelay must be a duration, for example \"15s\"");
  }
  into = std::min(into, kv::k_lock_delay_max);
  return {};
}

// [{"ID": "service:web"}] or ["service:web"]
Result<void> read_service_checks(const kv::LooseObject& body, std::vector<std::string>& into) {
  const Result<const bj::array*> list = body.array("servicechecks");
  if (!list) return std::unexpected(list.error());
  if (*list == nullptr) return {};
  for (const bj::value& element : **list) {
    std::string id;
    if (element.is_string()) {
      id.assign(element.get_string().data(), element.get_string().size());
    } else if (!element.is_object() || !kv::LooseObject(element.get_object()).take("id", id)) {
      return failure(Errc::invalid, "servicechecks must be a list of objects with an ID");
    }
    into.push_back(std::move(id));
  }
  return {};
}

Result<void> read_ttl(const kv::LooseObject& body, milliseconds& into) {
  if (Result<void> read = body.take("ttl", into); !read) return read;
  if (into == milliseconds::zero() || (into >= kv::k_ttl_min && into <= kv::k_ttl_max)) return {};
  return failure(Errc::invalid, fmt::format("Invalid Session TTL '{}', must be between [10s=24h0m0s]",
                                            std::chrono::nanoseconds(into).count()));
}

Result<void> read_behavior(const kv::LooseObject& body, kv::AtEnd& into) {
  std::string behavior;
  if (Result<void> read = body.take("behavior", behavior); !read) return read;
  if (!behavior.empty() && behavior != "release" && behavior != "delete") {
    return failure(Errc::invalid, fmt::format("Invalid Behavior setting '{}'", behavior));
  }
  into = behavior == "delete" ? kv::AtEnd::remove : kv::AtEnd::release;
  return {};
}

Result<void> check_bounds(const kv::Session& session) {
  std::vector<std::string> names{session.name, session.node};
  for (const auto* checks : {&session.node_checks, &session.service_checks}) {
    if (checks->size() > kv::k_checks_max) {
      return failure(Errc::invalid, fmt::format("a session has at most {} checks", kv::k_checks_max));
    }
    names.insert(names.end(), checks->begin(), checks->end());
  }
  for (const std::string& name : names) {
    if (is_name(name)) continue;
    return failure(Errc::invalid, fmt::format("names must be UTF-8 text of at most {} bytes without control characters",
                                              kv::k_name_bytes_max));
  }
  return {};
}

Result<kv::Session> parse_session(std::string_view text, const std::string& own_node) {
  kv::Session session{.id = draw_uuid(), .node = own_node, .lock_delay = kv::k_lock_delay_default};
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return session;
  const Result<bj::value> parsed = kv::parse_loosely(text);
  if (!parsed) return failure(Errc::invalid, "Request decode failed: " + parsed.error().message);
  if (parsed->is_null()) return session;
  if (!parsed->is_object()) return failure(Errc::invalid, "Request decode failed: the body must be a JSON object");
  const kv::LooseObject body(parsed->get_object());
  std::string node;
  const Result<void> read = kv::first_failure(
      body.take("name", session.name), body.take("node", node), body.take("checks", session.node_checks),
      body.take("nodechecks", session.node_checks), read_service_checks(body, session.service_checks),
      read_lock_delay(body, session.lock_delay), read_ttl(body, session.ttl), read_behavior(body, session.at_end));
  if (!read) return std::unexpected(read.error());
  if (!node.empty()) session.node = node;
  if (Result<void> checked = check_bounds(session); !checked) return std::unexpected(checked.error());
  return session;
}

std::string id_of(const Call& call) {
  std::string room;
  return to_lower(decode(call.path.captures[0], room));
}

Response list(const std::vector<kv::SessionPtr>& sessions, bool is_pretty) {
  json::Writer out(64 + 384 * sessions.size());
  out.open_array();
  for (const kv::SessionPtr& session : sessions) put_session(out, *session);
  return json(out.close_array().take(), is_pretty);
}

// The checks that it will end with have to be there, and not to be critical.
std::string why_not_alive(const Call& call, const kv::Session& session) {
  const rollcall::consul::Identity& self = parts_of(call).identity;
  const bool is_own = equal_but_for_case(session.node, self.node);
  for (const auto* checks : {&session.node_checks, &session.service_checks}) {
    for (const std::string& check : *checks) {
      if (check == kv::k_serf_health) continue;
      const registry::Instance* instance = nullptr;
      for (const std::string& host : is_own ? std::vector{session.host, std::string()} : std::vector{session.node}) {
        for (std::size_t zone = 0; instance == nullptr && zone < self.datacenters.size(); ++zone) {
          instance = find_check(call, {static_cast<registry::ZoneId>(zone), host}, check);
        }
      }
      const rollcall::consul::Seen seen =
          instance == nullptr ? rollcall::consul::Seen{} : rollcall::consul::see(*instance, call.now);
      const auto found = std::ranges::find(seen.checks, check, &rollcall::consul::SeenCheck::id);
      if (found == seen.checks.end()) return fmt::format("Missing check '{}' registration", check);
      if (found->status == health::CheckStatus::critical) return fmt::format("Check '{}' is in critical state", check);
    }
  }
  return {};
}

Response describe_renewal(const kv::KeyValues& keys, const std::string& id, const kv::Outcome& outcome,
                          bool is_pretty) {
  const kv::Refusal* const refusal = refusal_of_outcome(outcome);
  if (refusal != nullptr && refusal->why == kv::Why::no_session) return text(404, refusal->what);
  if (done_of(outcome) == nullptr) return failed(outcome);
  const kv::SessionPtr session = keys.read([&](const kv::View& view) { return view.tables().find_session(id); });
  if (!session) return text(404, fmt::format("Session id '{}' not found", id));
  return list({session}, is_pretty);
}

}  // namespace

Routed create_session(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  Result<kv::Session> session = parse_session(call.request.body, parts_of(call).identity.node);
  if (!session) return text(400, session.error().message);
  session->host = agent_of(call, *zone_of(call)).host;
  if (std::string wrong = why_not_alive(call, *session); !wrong.empty()) return text(500, std::move(wrong));
  return change(call, kv::CreateSession{*session},
                [id = session->id, is_pretty = is_pretty(call)](const kv::Outcome& outcome) {
                  if (done_of(outcome) == nullptr) return failed(outcome);
                  json::Writer out;
                  return json(out.open_object().member("ID", id).close_object().take(), is_pretty);
                });
}

Routed destroy_session(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  return change(call, kv::DestroySession{id_of(call)},
                [](const kv::Outcome& outcome) { return done_of(outcome) != nullptr ? truth(true) : failed(outcome); });
}

// A heartbeat: in memory, without the writer, where that is enough.
Routed renew_session(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  const kv::KeyValues* const keys = keys_of(call);
  if (keys == nullptr) return no_keys(call);
  const std::string id = id_of(call);
  const std::optional<kv::SessionPtr> session = keys->renew(id);
  if (!session) {
    return change(call, kv::RenewSession{id}, [keys, id, is_pretty = is_pretty(call)](const kv::Outcome& outcome) {
      return describe_renewal(*keys, id, outcome, is_pretty);
    });
  }
  if (!*session) return text(404, fmt::format("Session id '{}' not found", id));
  return list({*session}, is_pretty(call));
}

Routed read_session(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  const std::string id = id_of(call);
  auto look = [id, is_pretty = is_pretty(call)](const kv::View& view) -> MakeLater {
    std::vector<kv::SessionPtr> found;
    if (kv::SessionPtr session = view.tables().find_session(id); session && view.is_alive(id)) {
      found.push_back(std::move(session));
    }
    return [found = std::move(found), is_pretty] { return list(found, is_pretty); };
  };
  return answer(call, {{Topic::Kind::session, id}, std::move(look)});
}

// All, or those of one node.
Routed list_sessions(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  std::string room;
  const std::string node = to_lower(decode(call.path.captures[0], room));
  const bool is_of_node = call.route.path.captures() > 0;
  auto look = [node, is_of_node, is_pretty = is_pretty(call)](const kv::View& view) -> MakeLater {
    std::vector<kv::SessionPtr> found;
    for (const auto& [id, session] : view.tables().sessions()) {
      if (view.is_alive(id) && (!is_of_node || to_lower(session->node) == node)) found.push_back(session);
    }
    return [found = std::move(found), is_pretty] { return list(found, is_pretty); };
  };
  return answer(call, {{Topic::Kind::sessions}, std::move(look)});
}

}  // namespace rollcall::api::consul
