#include "api/consul/agent/composition.h"

#include <algorithm>
#include <utility>

#include "api/consul/agent/plan.h"
#include "api/consul/door.h"
#include "base/limits.h"
#include "consul/names.h"
#include "registry/instance/registration.h"

namespace rollcall::api::consul {
namespace {

using registry::LeaseKind;
using registry::Registration;
using rollcall::consul::Attributes;
using rollcall::consul::CheckDefinition;
using std::chrono::milliseconds;

constexpr registry::FieldRules k_rules = {
    .needs_port = false, .needs_address = false, .needs_lease = false, .has_free_texts = true};
constexpr registry::LeaseBounds k_bounds = {limits::k_lease_default, milliseconds(1), limits::k_door_lease_max};

// Which TTL check is the lease: the one that is already, else the first.
const CheckDefinition* lease_of(const Attributes& attributes, std::string_view present) {
  const CheckDefinition* known = attributes.find_check(present);
  if (known != nullptr && known->type == "ttl") return known;
  const auto first = std::ranges::find(attributes.checks, "ttl", &CheckDefinition::type);
  return first == attributes.checks.end() ? nullptr : &*first;
}

// What follows from the checks: the lease, and what the server asks the instance.
Result<Registration> settle(const Call& call, Registration draft, const Attributes& attributes) {
  const CheckDefinition* lease = lease_of(attributes, draft.lease_check);
  draft.lease = lease == nullptr ? LeaseKind::none : LeaseKind::turns_critical;
  draft.lease_check = lease == nullptr ? std::string() : lease->id;
  draft.ttl = lease == nullptr ? milliseconds::zero() : std::clamp(lease->ttl, k_bounds.min, k_bounds.max);
  Result<health::SharedPlan> plan = plan_of(attributes, parts_of(call).identity.node, draft.lease_check);
  if (!plan) return std::unexpected(plan.error());
  draft.health = std::move(*plan);
  draft.attributes = rollcall::consul::write_attributes(attributes);
  return registry::normalise(std::move(draft), k_bounds, call.zones.apex_bytes_of(draft.key.service.zone), k_rules);
}

// The same tags in another order are the tags as they were.
std::vector<std::string> order_of(std::vector<std::string> asked, const Attributes& known,
                                  const registry::Instance* instance) {
  std::vector<std::string> sorted = asked;
  std::ranges::sort(sorted);
  sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
  if (instance != nullptr && std::ranges::equal(instance->tags(), sorted)) return known.tags;
  return sorted == asked ? std::vector<std::string>() : std::move(asked);
}

bool is_maintenance(std::string_view check) {
  return check == k_node_maintenance || check.starts_with(k_service_maintenance);
}

// The definitions and the results that stay beside those asked for.
void keep_known(const registry::Instance& known, const Attributes& before, bool replaces_checks, Attributes& after,
                health::CheckResults& results) {
  for (const auto& packed : known.checks()) {
    health::CheckResult result = packed.value();
    if (result.id == health::k_plan_check) continue;
    if (health::CheckResult* anew = health::find_result(results, result.id)) {
      anew->status = result.status;  // also where the service has another name now
      anew->output = std::move(result.output);
      continue;
    }
    if (replaces_checks && !is_maintenance(result.id)) continue;
    if (const CheckDefinition* definition = before.find_check(result.id)) after.checks.push_back(*definition);
    results.push_back(std::move(result));
  }
}

void put_address(const Call& call, const Agent& agent, std::string address, Registration& draft,
                 Attributes& attributes) {
  if (address.empty()) {
    attributes.has_node_address = agent.host.empty();
    address = agent.host.empty() ? parts_of(call).identity.address : agent.host;
  }
  if (const std::optional<IpAddress> literal = IpAddress::parse(address)) {
    draft.addresses = {*literal};
  } else {
    draft.host = std::move(address);
  }
}

// In the state that the node is in now.
void join_maintenance(const Call& call, const Agent& agent, health::CheckResults& results) {
  if (health::find_result(results, k_node_maintenance) != nullptr) return;
  const auto other = parts_of(call).ids.find_check(agent.zone, agent.host, k_node_maintenance);
  const registry::Instance* instance = other ? call.registry.find_instance(other->ref()) : nullptr;
  if (instance == nullptr) return;
  for (const auto& packed : instance->checks()) {
    if (packed.id == k_node_maintenance) results.push_back(packed.value());
  }
}

}  // namespace

Result<Composed> compose(const Call& call, const Agent& agent, AskedService asked, const registry::Instance* known,
                         bool replaces_checks) {
  const Attributes before = known == nullptr ? Attributes{} : rollcall::consul::parse_attributes(known->attributes());
  Attributes attributes;
  if (asked.name != asked.key) attributes.name = asked.name;
  attributes.host = agent.host;
  attributes.tags = order_of(asked.tags, before, known);
  attributes.tagged_addresses = std::move(asked.tagged_addresses);
  attributes.weights = asked.weights;
  attributes.enable_tag_override = asked.enable_tag_override;
  attributes.kind = std::move(asked.kind);
  attributes.created = known != nullptr && before.created == 0 ? known->index : before.created;
  if (known == nullptr) attributes.created = call.registry.counts().index + 1;

  Registration draft;
  draft.key = {{agent.zone, std::move(asked.key)}, rollcall::consul::roll_id(asked.id, agent.host)};
  if (draft.key.id != asked.id) attributes.id = std::move(asked.id);
  put_address(call, agent, std::move(asked.address), draft, attributes);
  draft.port = asked.port;
  draft.weight = attributes.weights.passing;
  draft.tags = std::move(asked.tags);
  draft.meta = std::move(asked.meta);
  draft.door = registry::Door::consul;
  if (known != nullptr) draft.lease_check = known->lease_check();

  health::CheckResults results;
  for (AskedCheck& check : asked.checks) {
    if (health::find_result(results, check.definition.id) != nullptr) continue;  // one id twice: the first counts
    results.push_back(check.result());
    attributes.checks.push_back(std::move(check.definition));
  }
  if (known != nullptr && known->door() == registry::Door::consul) {
    keep_known(*known, before, replaces_checks, attributes, results);
  }
  join_maintenance(call, agent, results);

  Result<Registration> registration = settle(call, std::move(draft), attributes);
  if (!registration) return std::unexpected(registration.error());
  Composed composed{{std::move(*registration), {.checks = std::move(results)}}, std::nullopt};
  if (known != nullptr && known->key() != composed.put.registration.key.ref()) composed.leaves = known->owned_key();
  return composed;
}

Result<registry::Register> with_check(const Call& call, const registry::Instance& known, AskedCheck check) {
  Attributes attributes = rollcall::consul::parse_attributes(known.attributes());
  health::CheckResult result = check.result();
  const auto place = std::ranges::find(attributes.checks, result.id, &CheckDefinition::id);
  if (place == attributes.checks.end()) {
    attributes.checks.push_back(std::move(check.definition));
  } else {
    *place = std::move(check.definition);
  }
  Result<Registration> registration = settle(call, known.registration(), attributes);
  if (!registration) return std::unexpected(registration.error());
  return registry::Register{std::move(*registration),
                            {.checks = health::CheckResults{std::move(result)}, .keeps_others = true}};
}

Result<registry::Register> without_check(const Call& call, const registry::Instance& known, std::string_view check) {
  Attributes attributes = rollcall::consul::parse_attributes(known.attributes());
  std::erase_if(attributes.checks, [&](const CheckDefinition& each) { return each.id == check; });
  health::CheckResults rest;
  for (const auto& packed : known.checks()) {
    if (packed.id != check && packed.id != health::k_plan_check) rest.push_back(packed.value());
  }
  Result<Registration> registration = settle(call, known.registration(), attributes);
  if (!registration) return std::unexpected(registration.error());
  return registry::Register{std::move(*registration), {.checks = std::move(rest)}};
}

}  // namespace rollcall::api::consul
