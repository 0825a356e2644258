// Registration, deregistration and maintenance of services, and of the node.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "api/consul/agent/calls.h"
#include "api/consul/agent/composition.h"
#include "api/consul/door.h"
#include "api/consul/responses.h"
#include "api/permission.h"

namespace rollcall::api::consul {
namespace {

using registry::Outcome;

constexpr std::string_view k_service_reason =
    "Maintenance mode is enabled for this service, but no reason was provided. This is a default message.";
constexpr std::string_view k_node_reason =
    "Maintenance mode is enabled for this node, but no reason was provided. This is a default message.";

Response unknown_service(std::string_view id) {
  return text(
      404, fmt::format("Unknown service ID \"{}\". Ensure that the service ID is passed, not the service name.", id));
}

std::variant<Response, Wait> describe(const Outcome& outcome, registry::LeaseTime) {
  if (!outcome) return refused(outcome.error());
  return done();
}

void forget_outputs(const Call& call, const registry::Instance& instance) {
  for (const auto& check : instance.checks()) outputs_of(call).erase({instance.owned_key(), std::string(check.id)});
}

// Nothing that never ends by itself, for whoever may not: a check does not end an instance, but says what is wrong.
Result<void> permit_registration(const Call& call, const Composed& composed) {
  const registry::Registration& asked = composed.put.registration;
  if (const auto permitted = permit(call, asked.key.service.ref()); !permitted) return permitted;
  if (composed.leaves) {
    if (!permit(call, composed.leaves->service.ref())) {
      return failure(Errc::forbidden, "the id belongs to a service that the caller may not change");
    }
  }
  const auto& checks = *composed.put.checks.checks;
  const bool is_checked = std::ranges::any_of(
      checks, [](const health::CheckResult& check) { return check.kind != health::CheckKind::maintenance; });
  if (is_checked || call.standing.grant->no_lease) return {};
  const registry::Instance* known = call.registry.find_instance(asked.key.ref());
  if (known != nullptr && known->lease_kind() == registry::LeaseKind::none) return {};
  return forbid(call,
                fmt::format("{} may not register a service without a check: give it a TTL check, or use a token with "
                            "no_lease = true",
                            call.standing.principal.text()));
}

// "1", "t", "T", "TRUE", "true", "True" and the same of false: as Go reads them.
std::optional<bool> parse_truth(std::string_view text) {
  for (const char* yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::expected<bool, Response> read_enable(const Call& call) {
  const std::string* enable = call.query.find("enable");
  if (enable == nullptr || enable->empty()) return std::unexpected(text(400, "Missing value for enable"));
  const std::optional<bool> truth = parse_truth(*enable);
  if (!truth) return std::unexpected(text(400, fmt::format("Invalid value for enable: \"{}\"", *enable)));
  return *truth;
}

registry::Change maintenance_of(registry::InstanceKey key, std::string check, std::string_view name, bool is_on,
                                const std::string* reason, std::string_view standard) {
  if (!is_on) return registry::RemoveCheck{std::move(key), std::move(check)};
  std::string output(reason != nullptr && !reason->empty() ? std::string_view(*reason) : standard);
  output.resize(std::min(output.size(), limits::k_result_output_bytes_max));
  return registry::SetCheck{.key = std::move(key),
                            .result = {.id = std::move(check),
                                       .name = std::string(name),
                                       .kind = health::CheckKind::maintenance,
                                       .status = health::CheckStatus::critical,
                                       .output = std::move(output)},
                            .adds = true};
}

// Whether the maintenance was there or not makes no difference to its end.
bool is_end_of_nothing(bool is_on, const Outcome& outcome) {
  return !is_on && !outcome && outcome.error().code == Errc::unknown_instance;
}

}  // namespace

Routed register_service(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  const Agent agent = agent_of(call, *zone);
  Result<AskedService> asked = read_service(call.request.body);
  if (!asked) return text(400, asked.error().message);
  const registry::Instance* known = nullptr;
  if (const auto key = parts_of(call).ids.find_service(agent.zone, agent.host, asked->id)) {
    known = call.registry.find_instance(key->ref());
  }
  const std::string* replaces = call.query.find("replace-existing-checks");
  const bool replaces_checks = replaces != nullptr && (replaces->empty() || parse_truth(*replaces).value_or(false));
  Result<Composed> composed = compose(call, agent, std::move(*asked), known, replaces_checks);
  if (!composed) return text(400, composed.error().message);
  if (const auto permitted = permit_registration(call, *composed); !permitted) return refused(permitted.error());
  if (!composed->leaves) return Submission{std::move(composed->put), &describe};
  // Both in one batch: whoever looks finds the instance in one service.
  std::vector<registry::Change> changes;
  changes.emplace_back(registry::Deregister{std::move(*composed->leaves)});
  changes.emplace_back(std::move(composed->put));
  return Submissions{std::move(changes), [](std::span<const Outcome> outcomes, registry::LeaseTime) {
                       return outcomes.back() ? done() : refused(outcomes.back().error());
                     }};
}

Routed deregister_service(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  std::string id = rest_of(call);
  if (id.empty()) return text(400, "Missing service ID");
  const registry::Instance* known = find_service(call, agent_of(call, *zone), id);
  if (known == nullptr) return unknown_service(id);
  if (!permit(call, known->service())) return text(403, "Permission denied");  // which service, is not told
  forget_outputs(call, *known);
  return Submission{registry::Deregister{known->owned_key()},
                    [id = std::move(id)](const Outcome& outcome, registry::LeaseTime) -> std::variant<Response, Wait> {
                      if (outcome) return done();
                      const bool is_gone = outcome.error().code == Errc::unknown_instance;
                      return is_gone ? unknown_service(id) : refused(outcome.error());
                    }};
}

Routed maintain_service(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  std::string id = rest_of(call);
  if (id.empty()) return text(400, "Missing service ID");
  const auto is_on = read_enable(call);
  if (!is_on) return is_on.error();
  const registry::Instance* known = find_service(call, agent_of(call, *zone), id);
  if (known == nullptr) return unknown_service(id);
  if (!permit(call, known->service())) return text(403, "Permission denied");  // which service, is not told
  std::string check = std::string(k_service_maintenance) + id;
  return Submission{maintenance_of(known->owned_key(), std::move(check), "Service Maintenance Mode", *is_on,
                                   call.query.find("reason"), k_service_reason),
                    [is_on = *is_on](const Outcome& outcome, registry::LeaseTime now) -> std::variant<Response, Wait> {
                      return is_end_of_nothing(is_on, outcome) ? done() : describe(outcome, now);
                    }};
}

// Of every service of the node; one that is registered meanwhile joins (composition.cc).
Routed maintain_node(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  const auto is_on = read_enable(call);
  if (!is_on) return is_on.error();
  const Agent agent = agent_of(call, *zone);
  std::vector<registry::Change> changes;
  for (registry::InstanceKey& key : parts_of(call).ids.all_of(agent.zone, agent.host)) {
    if (!permit(call, key.service.ref())) return text(403, "Permission denied");
    changes.push_back(maintenance_of(std::move(key), std::string(k_node_maintenance), "Node Maintenance Mode", *is_on,
                                     call.query.find("reason"), k_node_reason));
  }
  if (changes.empty()) return done();
  return Submissions{std::move(changes), [is_on = *is_on](std::span<const Outcome> outcomes, registry::LeaseTime) {
                       for (const Outcome& outcome : outcomes) {
                         if (!outcome && !is_end_of_nothing(is_on, outcome)) return refused(outcome.error());
                       }
                       return done();
                     }};
}

}  // namespace rollcall::api::consul
