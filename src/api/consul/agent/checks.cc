// Checks of services: their registration, and what they are told.
#include <fmt/format.h>
#include <utility>

#include "api/consul/agent/calls.h"
#include "api/consul/agent/composition.h"
#include "api/consul/door.h"
#include "api/consul/responses.h"
#include "api/permission.h"

namespace rollcall::api::consul {
namespace {

using health::CheckStatus;
using registry::Outcome;

// Clients of several generations look for one or the other of the sentences, and register again.
Response unknown_check(std::string_view id) {
  return text(404,
              fmt::format("Unknown check ID \"{}\". Ensure that the check ID is passed, not the check name. CheckID "
                          "\"{}\" does not have associated TTL",
                          id, id));
}

Response no_ttl(std::string_view id) {
  return text(400, fmt::format("CheckID \"{}\" does not have associated TTL", id));
}

std::optional<health::CheckResult> find_result(const registry::Instance& instance, std::string_view check) {
  for (const auto& packed : instance.checks()) {
    if (packed.id == check) return packed.value();
  }
  return std::nullopt;
}

auto describe(std::string id) {
  return [id = std::move(id)](const Outcome& outcome, registry::LeaseTime) -> std::variant<Response, Wait> {
    if (outcome) return done();
    return outcome.error().code == Errc::unknown_instance ? unknown_check(id) : refused(outcome.error());
  };
}

std::string cut(std::string output) {
  if (output.size() <= limits::k_result_output_bytes_max) return output;
  std::size_t end = limits::k_result_output_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(output[end]) & 0xc0U) == 0x80U) --end;
  output.resize(end);
  return output;
}

// A beat for a lease that goes on costs no change. Empty: it is one.
std::optional<Response> renew(const Call& call, const registry::Instance& instance, std::string_view id) {
  const auto renewed = call.registry.renew(instance, call.now);
  if (renewed) {
    call.counters.heartbeats.fetch_add(1, std::memory_order_relaxed);
    return done();
  }
  if (renewed.error().code == Errc::not_in_charge) return refused(renewed.error());
  return renewed.error().code == Errc::unknown_instance && instance.lease_kind() == registry::LeaseKind::ends_instance
             ? std::optional(unknown_check(id))
             : std::nullopt;
}

// An instance of another API has one check here: passing is a heartbeat, and ends what a client has said against it.
Routed tell_other(const Call& call, const registry::Instance& instance, std::string id, CheckStatus status,
                  std::string output) {
  const std::optional<health::CheckResult> known = find_result(instance, id);
  if (status == CheckStatus::passing && !known) {
    if (instance.lease_kind() == registry::LeaseKind::none) return done();
    if (std::optional<Response> answer = renew(call, instance, id)) return std::move(*answer);
    return Submission{registry::Renew{instance.owned_key()}, describe(std::move(id))};
  }
  if (status == CheckStatus::passing) {
    std::vector<registry::Change> changes;
    changes.emplace_back(registry::RemoveCheck{instance.owned_key(), id});
    if (instance.lease_kind() != registry::LeaseKind::none) changes.emplace_back(registry::Renew{instance.owned_key()});
    return Submissions{std::move(changes), [](std::span<const Outcome> outcomes, registry::LeaseTime) {
                         return outcomes.front() ? done() : refused(outcomes.front().error());
                       }};
  }
  health::CheckResult result{.id = id,
                             .name = fmt::format("Service '{}' check", instance.service().name),
                             .kind = health::CheckKind::told,
                             .status = status,
                             .output = std::move(output)};
  return Submission{registry::SetCheck{instance.owned_key(), std::move(result), true}, describe(std::move(id))};
}

// A TTL check that is not the lease. What it says as before is no change: the schedule of health checks hears it, and turns the
// check critical when it hears nothing for the TTL. On a node of a cluster only the store says what all have heard.
Routed tell_without_lease(const Call& call, const registry::Instance& instance, const health::CheckResult& known,
                          std::string output, CheckStatus status) {
  const std::string& id = known.id;
  const registry::InstanceKey key = instance.owned_key();
  registry::CheckBeats& beats = parts_of(call).beats;
  if (status == CheckStatus::critical) {
    beats.forget(key, id);
  } else {
    beats.hear(key, id, {call.now, status});
  }
  // The roll is read after that: whoever makes the check critical for its silence looks at the beats again afterwards.
  const registry::Instance* after = call.registry.find_instance(key.ref());
  const std::optional<health::CheckResult> now_known = after == nullptr ? std::nullopt : find_result(*after, id);
  const bool is_as_known = now_known && now_known->status == status;
  if (is_as_known) {
    outputs_of(call).put({key, id}, std::move(output), now_known->output);
    if (status != CheckStatus::critical) call.counters.heartbeats.fetch_add(1, std::memory_order_relaxed);
    return done();
  }
  outputs_of(call).erase({key, id});
  health::CheckResult result{.id = id, .kind = health::CheckKind::ttl, .status = status, .output = std::move(output)};
  return Submission{registry::SetCheck{key, std::move(result)}, describe(id)};
}

Routed tell(const Call& call, std::string id, CheckStatus status, std::string output) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  if (id.empty()) return text(400, "Missing check ID");
  const Agent agent = agent_of(call, *zone);
  const registry::Instance* instance = find_check(call, agent, id);
  if (instance == nullptr) return unknown_check(id);
  if (!permit(call, instance->service())) return text(403, "Permission denied");  // which service, is not told
  output = cut(std::move(output));
  if (instance->door() != registry::Door::consul) {
    return tell_other(call, *instance, std::move(id), status, std::move(output));
  }
  const std::optional<health::CheckResult> known = find_result(*instance, id);
  if (!known) return unknown_check(id);
  if (known->kind != health::CheckKind::ttl) return no_ttl(id);
  const Outputs::Key key{instance->owned_key(), id};
  const bool is_as_known = known->status == status;
  if (instance->lease_check() != id) return tell_without_lease(call, *instance, *known, std::move(output), status);
  if (is_as_known && status != CheckStatus::critical && instance->lease_check() == id && !instance->is_overdue()) {
    if (std::optional<Response> answer = renew(call, *instance, id)) {
      if (answer->status == 200) outputs_of(call).put(key, std::move(output), known->output);
      return std::move(*answer);
    }
  }
  if (is_as_known) {
    outputs_of(call).put(key, output, known->output);
  } else {
    outputs_of(call).erase(key);
  }
  health::CheckResult result{.id = id, .kind = health::CheckKind::ttl, .status = status, .output = std::move(output)};
  return Submission{registry::SetCheck{instance->owned_key(), std::move(result)}, describe(std::move(id))};
}

Routed tell_by_path(const Call& call, CheckStatus status) {
  const std::string* note = call.query.find("note");
  return tell(call, rest_of(call), status, note == nullptr ? std::string() : *note);
}

}  // namespace

Routed pass_check(const Call& call) { return tell_by_path(call, CheckStatus::passing); }
Routed warn_check(const Call& call) { return tell_by_path(call, CheckStatus::warning); }
Routed fail_check(const Call& call) { return tell_by_path(call, CheckStatus::critical); }

Routed update_check(const Call& call) {
  const Result<boost::json::object> body = read_body(call.request.body);
  if (!body) return text(400, body.error().message);
  const Fields fields(*body);
  std::string status;
  std::string output;
  for (const auto& read : {fields.read("Status", status), fields.read("Output", output)}) {
    if (!read) return text(400, read.error().message);
  }
  const std::optional<CheckStatus> parsed = health::parse_check_status(status);
  if (!parsed) return text(400, fmt::format("Invalid check status: '{}'", status));
  return tell(call, rest_of(call), *parsed, std::move(output));
}

Routed register_check(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  const Result<boost::json::object> body = read_body(call.request.body);
  if (!body) return text(400, body.error().message);
  Result<AskedCheck> check = read_check(*body);
  std::string name;
  if (const auto read = Fields(*body).read("Name", name); read && name.empty()) return text(400, "Missing check name");
  if (!check) return text(400, check.error().message);
  if (check->definition.id.empty()) check->definition.id = check->name;
  if (!registry::parse_free_id(check->definition.id))
    return text(400, "Invalid check: its id is no text of 1 to 255 octets");
  if (check->service_id.empty()) {
    return text(400, "Invalid check: give a ServiceID; checks of the node itself are not kept here");
  }
  const Agent agent = agent_of(call, *zone);
  const registry::Instance* instance = find_service(call, agent, check->service_id);
  if (instance == nullptr) return text(404, fmt::format("ServiceID \"{}\" does not exist", check->service_id));
  if (!permit(call, instance->service())) return text(403, "Permission denied");  // which service, is not told
  if (instance->door() != registry::Door::consul) {
    return text(400,
                fmt::format("Invalid check: service \"{}\" was registered over another API, which keeps its checks",
                            check->service_id));
  }
  const registry::Instance* holder = find_check(call, agent, check->definition.id);
  if (holder != nullptr && holder->key() != instance->key()) {
    return text(
        400, fmt::format("Invalid check: the id \"{}\" belongs to a check of another service", check->definition.id));
  }
  Result<registry::Register> change = with_check(call, *instance, std::move(*check));
  if (!change) return text(400, change.error().message);
  return Submission{std::move(*change),
                    [](const Outcome& outcome, registry::LeaseTime) -> std::variant<Response, Wait> {
                      return outcome ? done() : refused(outcome.error());
                    }};
}

Routed deregister_check(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  std::string id = rest_of(call);
  if (id.empty()) return text(400, "Missing check ID");
  const registry::Instance* instance = find_check(call, agent_of(call, *zone), id);
  if (instance == nullptr) return unknown_check(id);
  if (!permit(call, instance->service())) return text(403, "Permission denied");  // which service, is not told
  if (instance->door() != registry::Door::consul) {
    return Submission{registry::RemoveCheck{instance->owned_key(), id},
                      [](const Outcome& outcome, registry::LeaseTime) -> std::variant<Response, Wait> {
                        const bool is_ours = !outcome && outcome.error().code != Errc::unknown_instance;
                        return is_ours ? refused(outcome.error()) : done();
                      }};
  }
  Result<registry::Register> change = without_check(call, *instance, id);
  if (!change) return text(400, change.error().message);
  return Submission{std::move(*change), describe(std::move(id))};
}

}  // namespace rollcall::api::consul
