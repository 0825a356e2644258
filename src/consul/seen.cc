#include "consul/seen.h"

#include <algorithm>
#include <utility>

#include "consul/names.h"
#include "registry/instance/wall_time.h"

namespace rollcall::consul {
namespace {

using health::CheckStatus;
using registry::Instance;

constexpr std::string_view k_service_maintenance = "_service_maintenance:";
constexpr std::string_view k_expired = "TTL expired";

SeenCheck check_of(const health::CheckResult& result, const Attributes& attributes) {
  SeenCheck check;
  check.id = result.id;
  check.name = result.name;
  check.output = result.output;
  check.status = result.status;
  check.since = result.since;
  check.ends_after = result.ends_after;
  if (const CheckDefinition* definition = attributes.find_check(result.id)) {
    check.definition = *definition;
    check.type = definition->type;
    check.notes = definition->notes;
  }
  if (result.kind == health::CheckKind::maintenance) check.type = "maintenance";
  check.is_of_node = result.id == k_node_maintenance;
  return check;
}

// That an operator of another API drains it.
SeenCheck drain_of(const Instance& instance, std::string_view id) {
  SeenCheck check;
  check.id = std::string(k_service_maintenance).append(id);
  check.name = "Service Maintenance Mode";
  check.type = "maintenance";
  check.output = "draining since " + registry::format_wall_time(instance.status_since());
  check.status = CheckStatus::critical;
  check.since = instance.status_since();
  return check;
}

// The one check of an instance of another API.
SeenCheck standing_of(const Instance& instance, const Seen& seen) {
  SeenCheck check;
  check.id = "service:" + seen.id;
  check.name = "Service '" + seen.name + "' check";
  check.since = instance.status_since();
  check.output = std::string(instance.check_output());
  if (instance.is_draining()) check.output = "draining since " + registry::format_wall_time(instance.status_since());
  if (instance.status != registry::Status::ready) check.status = CheckStatus::critical;
  for (const auto& result : instance.checks()) {
    if (result.id != check.id) continue;
    check.status = std::max(check.status, result.status);
    if (check.output.empty()) check.output = std::string(result.output);
  }
  return check;
}

std::vector<SeenCheck> checks_of(const Instance& instance, const Seen& seen, registry::LeaseTime now) {
  std::vector<SeenCheck> checks;
  const bool is_ours = instance.door() == registry::Door::consul;
  if (!is_ours) checks.push_back(standing_of(instance, seen));
  for (const auto& packed : instance.checks()) {
    if (packed.id == health::k_plan_check || (!is_ours && packed.id == checks.front().id)) continue;
    SeenCheck check = check_of(packed.value(), seen.attributes);
    const bool is_over = instance.lease_kind() == registry::LeaseKind::turns_critical && !instance.is_overdue() &&
                         packed.id == instance.lease_check() && !instance.lease.is_alive(now);
    if (is_over) {
      check.status = CheckStatus::critical;
      check.output = std::string(k_expired);
    }
    checks.push_back(std::move(check));
  }
  if (!is_ours) return checks;
  const std::string maintenance = std::string(k_service_maintenance) + seen.id;
  if (instance.is_draining() && std::ranges::find(checks, maintenance, &SeenCheck::id) == checks.end()) {
    checks.push_back(drain_of(instance, seen.id));
  }
  return checks;
}

}  // namespace

Seen see(const Instance& instance, registry::LeaseTime now) {
  Seen seen;
  seen.attributes = parse_attributes(instance.attributes());
  seen.id = seen.attributes.id.empty() ? std::string(instance.id()) : seen.attributes.id;
  seen.name = seen.attributes.name.empty() ? std::string(instance.service().name) : seen.attributes.name;
  seen.tags = seen.attributes.tags;
  if (seen.tags.empty()) {
    for (const std::string_view tag : instance.tags()) seen.tags.emplace_back(tag);
  }
  if (!seen.attributes.has_node_address) {
    const auto addresses = instance.addresses();
    seen.address = addresses.empty() ? std::string(instance.host()) : (*addresses.begin()).text();
  }
  if (instance.door() != registry::Door::consul) {
    seen.attributes.weights.passing = seen.attributes.weights.warning = std::max<std::uint16_t>(instance.weight(), 1);
  }
  seen.checks = checks_of(instance, seen, now);
  return seen;
}

}  // namespace rollcall::consul
