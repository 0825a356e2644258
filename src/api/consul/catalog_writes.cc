// Registrations by others than the agent itself: instances on our node, and on nodes that are known by them alone.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <utility>

#include "api/consul/agent/composition.h"
#include "api/consul/catalog.h"
#include "api/consul/door.h"
#include "api/consul/follow/source.h"
#include "api/consul/responses.h"
#include "api/permission.h"
#include "base/ascii_case.h"
#include "base/limits.h"
#include "registry/instance/registration.h"

namespace rollcall::api::consul {
namespace {

using registry::Outcome;
using rollcall::consul::Attributes;
using rollcall::consul::ExternalNode;
using std::chrono::milliseconds;

constexpr milliseconds k_ends_after_min{1000};

std::unexpected<Error> invalid(std::string sentence) { return failure(Errc::invalid, std::move(sentence)); }

// A check of catalog/register: it is stored, and nobody runs it.
struct ToldCheck {
  health::CheckResult result;
  std::string notes;
  std::string service_id;   // empty: of the service of the same body, or of all on the node
  bool has_status = false;  // else a check that is known keeps its own
};

// The body, as far as both calls have it.
struct Asked {
  registry::ZoneId zone{};
  Agent agent;  // the host is the node's name, but for our own
  bool is_own = false;
  ExternalNode node;
};

Result<ToldCheck> read_told(const boost::json::object& object) {
  const Fields fields(object);
  ToldCheck check;
  std::string status;
  std::string id;
  for (const Result<void>& read : {fields.read("CheckID", id), fields.read("Name", check.result.name),
                                   fields.read("Status", status), fields.read("Output", check.result.output),
                                   fields.read("Notes", check.notes), fields.read("ServiceID", check.service_id)}) {
    if (!read) return std::unexpected(read.error());
  }
  const auto definition = fields.object("Definition");
  if (!definition) return std::unexpected(definition.error());
  for (const boost::json::object* each : {&object, *definition}) {
    if (each == nullptr) continue;
    const auto read = Fields(*each).read("DeregisterCriticalServiceAfter", check.result.ends_after);
    if (!read) return std::unexpected(read.error());
  }
  if (id.empty() && check.result.name.empty()) return invalid("Must provide a name or an id of the check");
  check.result.id = id.empty() ? check.result.name : std::move(id);
  if (check.result.name.empty()) check.result.name = check.result.id;
  if (check.result.id.size() > limits::k_door_id_bytes_max || check.result.name.size() > limits::k_door_id_bytes_max) {
    return invalid(fmt::format("the id and the name of a check have at most {} octets", limits::k_door_id_bytes_max));
  }
  const auto parsed = status.empty() ? health::CheckStatus::critical : health::parse_check_status(status);
  if (!parsed) return invalid("Status for checks must 'passing', 'warning', 'critical'");
  check.result.status = *parsed;
  check.has_status = !status.empty();
  check.result.kind = health::CheckKind::told;
  check.result.output.resize(std::min(check.result.output.size(), limits::k_result_output_bytes_max));
  milliseconds& ends_after = check.result.ends_after;
  ends_after = ends_after <= milliseconds::zero() ? milliseconds::zero() : std::max(ends_after, k_ends_after_min);
  return check;
}

Result<std::vector<ToldCheck>> read_checks(const Fields& fields) {
  std::vector<ToldCheck> checks;
  const auto one = fields.object("Check");
  if (!one) return std::unexpected(one.error());
  const auto several = fields.objects("Checks");
  if (!several) return std::unexpected(several.error());
  std::vector<const boost::json::object*> objects = *several;
  objects.insert(objects.begin(), *one);
  for (const boost::json::object* object : objects) {
    if (object == nullptr || object->empty()) continue;
    Result<ToldCheck> check = read_told(*object);
    if (!check) return std::unexpected(check.error());
    checks.push_back(std::move(*check));
  }
  return checks;
}

// Service is a registration of the agent's with another name for its name, and no checks in it.
Result<AskedService> read_catalog_service_of(const boost::json::object& object) {
  std::string name;
  if (const auto read = Fields(object).read("Service", name); !read) return std::unexpected(read.error());
  boost::json::object as_agent;
  for (const auto& [key, value] : object) {
    const std::string folded = to_lower(std::string_view(key));
    if (folded != "service" && folded != "name" && folded != "check" && folded != "checks") as_agent[key] = value;
  }
  as_agent["Name"] = name;
  return read_service(boost::json::serialize(as_agent));
}

std::expected<Asked, Response> read_asked(const Call& call, const Fields& fields) {
  Asked asked;
  std::string datacenter;
  for (const Result<void>& read :
       {fields.read("Datacenter", datacenter), fields.read("Node", asked.node.name),
        fields.read("Address", asked.node.address), fields.read("ID", asked.node.id),
        fields.read("NodeMeta", asked.node.meta), fields.read("TaggedAddresses", asked.node.tagged_addresses)}) {
    if (!read) return std::unexpected(text(400, read.error().message));
  }
  const rollcall::consul::Identity& identity = parts_of(call).identity;
  const auto zone = datacenter.empty() ? zone_of(call) : [&]() -> std::expected<registry::ZoneId, Response> {
    const auto found = identity.find_datacenter(datacenter);
    if (!found) return std::unexpected(text(500, "No path to datacenter"));
    return *found;
  }();
  if (!zone) return std::unexpected(zone.error());
  asked.zone = *zone;
  // What was taken over from a Consul on this host is beside our own node, under the same name.
  asked.is_own =
      equal_but_for_case(asked.node.name, identity.node) && !asked.node.meta.contains(std::string(k_taken_over_mark));
  asked.agent = {*zone, asked.is_own ? std::string() : asked.node.name};
  if (asked.node.name.size() > limits::k_door_id_bytes_max || asked.node.address.size() > limits::k_door_id_bytes_max) {
    return std::unexpected(text(400, "a node's name and address have at most 255 octets"));
  }
  return asked;
}

Result<void> add_checks(registry::Register& put, Attributes& attributes, std::span<const ToldCheck> checks) {
  health::CheckResults& results = *put.checks.checks;
  for (const ToldCheck& check : checks) {
    std::erase_if(results, [&](const health::CheckResult& each) { return each.id == check.result.id; });
    results.push_back(check.result);
    std::erase_if(attributes.checks, [&](const auto& each) { return each.id == check.result.id; });
    if (check.notes.empty()) continue;
    rollcall::consul::CheckDefinition definition;
    definition.id = check.result.id;
    definition.notes = check.notes;
    attributes.checks.push_back(std::move(definition));
  }
  if (results.size() > limits::k_check_results_max) {
    return invalid(fmt::format("a service has at most {} checks", limits::k_check_results_max));
  }
  return {};
}

// The registration with what this call knows beside it: the node, and the checks.
Result<Composed> compose_external(const Call& call, const Asked& asked, AskedService service,
                                  std::span<const ToldCheck> checks) {
  const bool has_address = !service.address.empty();
  if (!has_address && !asked.is_own) service.address = asked.node.address;
  const registry::Instance* known = nullptr;
  if (const auto key = parts_of(call).ids.find_service(asked.zone, asked.agent.host, service.id)) {
    known = call.registry.find_instance(key->ref());
  }
  Result<Composed> composed = compose(call, asked.agent, std::move(service), known, false);
  if (!composed) return composed;
  registry::Registration& registration = composed->put.registration;
  Attributes attributes = rollcall::consul::parse_attributes(registration.attributes);
  if (!asked.is_own) {
    attributes.node = asked.node;
    attributes.has_node_address = !has_address;
  }
  if (const auto added = add_checks(composed->put, attributes, checks); !added) return std::unexpected(added.error());
  registration.attributes = rollcall::consul::write_attributes(attributes);
  if (registration.attributes.size() > limits::k_door_texts_bytes_max) {
    return invalid(fmt::format("the node, the checks and the rest of a registration have at most {} octets together",
                               limits::k_door_texts_bytes_max));
  }
  return composed;
}

Result<void> permit_registration(const Call& call, const Composed& composed) {
  const registry::Registration& asked = composed.put.registration;
  if (const auto permitted = permit(call, asked.key.service.ref()); !permitted) return permitted;
  if (composed.leaves) {
    if (const auto permitted = permit(call, composed.leaves->service.ref()); !permitted) return permitted;
  }
  if (!composed.put.checks.checks->empty() || call.standing.grant->no_lease) return {};
  const registry::Instance* known = call.registry.find_instance(asked.key.ref());
  if (known != nullptr && known->lease_kind() == registry::LeaseKind::none) return {};
  return forbid(call, fmt::format("{} may not register a service without a check: give it one, or use a token with "
                                  "no_lease = true",
                                  call.standing.principal.text()));
}

Response describe(std::span<const Outcome> outcomes, registry::LeaseTime) {
  for (const Outcome& outcome : outcomes) {
    // What is gone already is as it was asked to be.
    if (!outcome && outcome.error().code != Errc::unknown_instance) return refused(outcome.error());
  }
  return truth(true);
}

// A registration keeps what checks have come to, and here the status that is given counts.
void add_statuses(const registry::InstanceKey& key, std::span<const ToldCheck> checks,
                  std::vector<registry::Change>& changes) {
  for (const ToldCheck& check : checks) {
    if (check.has_status) changes.emplace_back(registry::SetCheck{.key = key, .result = check.result, .adds = true});
  }
}

// As it is, where the body does not say.
health::CheckResult result_for(const Call& call, const registry::InstanceKey& key, const ToldCheck& check) {
  health::CheckResult result = check.result;
  const registry::Instance* instance = check.has_status ? nullptr : call.registry.find_instance(key.ref());
  if (instance == nullptr) return result;
  for (const auto& known : instance->checks()) {
    if (known.id == result.id) result.status = known.status;
  }
  return result;
}

Routed submit(std::vector<registry::Change> changes) {
  if (changes.empty()) return truth(true);
  return Submissions{std::move(changes), &describe};
}

// Of the instance that the check names, or of all on the node.
std::expected<void, Response> add_check_changes(const Call& call, const Asked& asked, const ToldCheck& check,
                                                std::vector<registry::Change>& changes) {
  std::vector<registry::InstanceKey> of;
  if (!check.service_id.empty()) {
    const auto key = parts_of(call).ids.find_service(asked.zone, asked.agent.host, check.service_id);
    if (!key) {
      return std::unexpected(
          text(400, fmt::format("Unknown service ID '{}' for check ID '{}'", check.service_id, check.result.id)));
    }
    of.push_back(*key);
  } else {
    of = parts_of(call).ids.all_of(asked.zone, asked.agent.host);
    if (of.empty()) {
      return std::unexpected(
          text(400, "a node is known here by its services: register one with it, or name one in ServiceID"));
    }
  }
  for (registry::InstanceKey& key : of) {
    if (const auto permitted = permit(call, key.service.ref()); !permitted)
      return std::unexpected(refused(permitted.error()));
    health::CheckResult result = result_for(call, key, check);
    changes.emplace_back(registry::SetCheck{.key = std::move(key), .result = std::move(result), .adds = true});
  }
  return {};
}

}  // namespace

Routed register_in_catalog(const Call& call) {
  const Result<boost::json::object> body = read_body(call.request.body);
  if (!body) return text(400, body.error().message);
  const Fields fields(*body);
  const auto asked = read_asked(call, fields);
  if (!asked) return asked.error();
  if (asked->node.name.empty() || asked->node.address.empty()) return text(400, "Must provide node and address");
  const auto service = fields.object("Service");
  if (!service) return text(400, service.error().message);
  const auto checks = read_checks(fields);
  if (!checks) return text(400, checks.error().message);
  std::vector<registry::Change> changes;
  std::vector<ToldCheck> own;  // of the service
  std::string service_id;
  if (*service != nullptr && !(*service)->empty()) {
    Result<AskedService> as_agent = read_catalog_service_of(**service);
    if (!as_agent) return text(400, as_agent.error().message);
    service_id = as_agent->id;
    std::ranges::copy_if(*checks, std::back_inserter(own), [&](const ToldCheck& check) {
      return check.service_id.empty() || check.service_id == service_id;
    });
    Result<Composed> composed = compose_external(call, *asked, std::move(*as_agent), own);
    if (!composed) return text(400, composed.error().message);
    if (const auto permitted = permit_registration(call, *composed); !permitted) return refused(permitted.error());
    if (composed->leaves) changes.emplace_back(registry::Deregister{std::move(*composed->leaves)});
    const registry::InstanceKey key = composed->put.registration.key;
    const bool is_known = call.registry.find_instance(key.ref()) != nullptr;
    changes.emplace_back(std::move(composed->put));
    if (is_known) add_statuses(key, own, changes);
  }
  for (const ToldCheck& check : *checks) {
    if (!service_id.empty() && (check.service_id.empty() || check.service_id == service_id)) continue;
    if (auto added = add_check_changes(call, *asked, check, changes); !added) return std::move(added.error());
  }
  if (changes.empty() && !asked->is_own && parts_of(call).ids.all_of(asked->zone, asked->agent.host).empty()) {
    return text(400, "a node is known here by its services: register one with it");
  }
  return submit(std::move(changes));
}

Routed deregister_in_catalog(const Call& call) {
  const Result<boost::json::object> body = read_body(call.request.body);
  if (!body) return text(400, body.error().message);
  const Fields fields(*body);
  const auto asked = read_asked(call, fields);
  if (!asked) return asked.error();
  if (asked->node.name.empty()) return text(400, "Must provide node");
  std::string service_id;
  std::string check_id;
  for (const Result<void>& read : {fields.read("ServiceID", service_id), fields.read("CheckID", check_id)}) {
    if (!read) return text(400, read.error().message);
  }
  std::vector<registry::InstanceKey> leaving;
  if (!service_id.empty()) {
    const registry::Instance* known = find_service(call, asked->agent, service_id);
    if (known != nullptr) leaving.push_back(known->owned_key());
  } else if (!check_id.empty()) {
    const registry::Instance* known = find_check(call, asked->agent, check_id);
    if (known == nullptr) return truth(true);
    if (const auto permitted = permit(call, known->service()); !permitted) return refused(permitted.error());
    Result<registry::Register> without = without_check(call, *known, check_id);
    if (!without) return text(400, without.error().message);
    std::vector<registry::Change> changes;
    changes.emplace_back(std::move(*without));
    return submit(std::move(changes));
  } else {
    leaving = parts_of(call).ids.all_of(asked->zone, asked->agent.host);
  }
  std::vector<registry::Change> changes;
  for (registry::InstanceKey& key : leaving) {
    if (const auto permitted = permit(call, key.service.ref()); !permitted) return refused(permitted.error());
    changes.emplace_back(registry::Deregister{std::move(key)});
  }
  return submit(std::move(changes));
}

}  // namespace rollcall::api::consul
