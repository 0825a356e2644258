#include "api/consul/agent/shown.h"

#include <fmt/format.h>
#include <unordered_map>

#include "api/consul/door.h"
#include "base/hash.h"
#include "consul/go_duration.h"

namespace rollcall::api::consul {
namespace {

using registry::Instance;
using rollcall::consul::Attributes;
using rollcall::consul::CheckDefinition;
using rollcall::consul::Identity;
using rollcall::consul::Seen;
using rollcall::consul::SeenCheck;

bool may_see(const Call& call, const Instance& instance) { return call.standing.grant->covers(instance.service()); }

void put_tags(json::Writer& out, const Seen& seen) {
  out.open_array();
  for (const std::string& tag : seen.tags) out.value(tag);
  out.close_array();
}

void put_tagged_addresses(json::Writer& out, const Attributes& attributes) {
  out.open_object();
  for (const auto& [name, address] : attributes.tagged_addresses) {
    out.text_name(name).open_object().member("Address", address.address).member("Port", address.port).close_object();
  }
  out.close_object();
}

// The members of a service, without the braces.
void put_members(json::Writer& out, const Identity& identity, const Instance& instance, const Seen& seen) {
  const Attributes& attributes = seen.attributes;
  if (!attributes.kind.empty()) out.member("Kind", attributes.kind);
  out.member("ID", seen.id).member("Service", seen.name);
  put_tags(out.name("Tags"), seen);
  out.name("Meta").open_object();
  for (const auto& [key, value] : instance.meta()) out.text_name(key).value(value);
  out.close_object();
  out.member("Port", instance.port()).member("Address", seen.address);
  put_tagged_addresses(out.name("TaggedAddresses"), attributes);
  out.name("Weights").open_object();
  out.member("Passing", attributes.weights.passing).member("Warning", attributes.weights.warning).close_object();
  out.member("EnableTagOverride", attributes.enable_tag_override);
  out.member("Datacenter", identity.datacenter(instance.service().zone));
}

std::string duration_of(std::chrono::milliseconds duration) {
  return duration.count() == 0 ? std::string() : rollcall::consul::format_go_duration(duration);
}

}  // namespace

Seen see_as(const Instance& instance, std::string_view id, registry::LeaseTime now) {
  Seen seen = rollcall::consul::see(instance, now);
  if (instance.door() == registry::Door::consul || seen.id == id) return seen;
  for (SeenCheck& check : seen.checks) {
    if (check.id == "service:" + seen.id) check.id = fmt::format("service:{}", id);
  }
  seen.id = id;
  return seen;
}

void for_each_of(const Call& call, const Agent& agent, const std::function<void(const Instance&, const Seen&)>& visit) {
  std::unordered_map<std::string_view, unsigned> uses;  // of an id by other APIs, and by our node's own
  const auto own = parts_of(call).ids.all_of(agent.zone, agent.host);
  for (const registry::InstanceKey& key : own) {
    const Instance* instance = call.registry.find_instance(key.ref());
    if (instance == nullptr) continue;
    ++uses[instance->id()];
    if (may_see(call, *instance)) visit(*instance, rollcall::consul::see(*instance, call.now));
  }
  if (!agent.host.empty()) return;
  const auto for_each_other = [&](const auto& use) {
    call.registry.for_each_service([&](const registry::Service& service) {
      if (service.service.zone != agent.zone) return;
      for (const Instance* instance : service.instances) {
        if (instance->door() != registry::Door::consul && instance->is_there(call.now)) use(*instance);
      }
    });
  };
  for_each_other([&](const Instance& instance) { ++uses[instance.id()]; });
  for_each_other([&](const Instance& instance) {
    if (!may_see(call, instance)) return;
    std::string id(instance.id());
    if (uses[instance.id()] > 1) id = fmt::format("{}/{}", instance.service().name, instance.id());
    visit(instance, see_as(instance, id, call.now));
  });
}

void put_service(json::Writer& out, const Identity& identity, const Instance& instance, const Seen& seen) {
  out.open_object();
  put_members(out, identity, instance, seen);
  out.close_object();
}

std::string service_with_hash(const Identity& identity, const Instance& instance, const Seen& seen, std::string& hash) {
  json::Writer whole;
  put_service(whole, identity, instance, seen);
  hash = fmt::format("{:016x}", stable_hash(whole.take()));
  json::Writer out;
  out.open_object();
  put_members(out, identity, instance, seen);
  out.member("ContentHash", hash).close_object();
  return out.take();
}

void put_check(json::Writer& out, const Call& call, const Instance& instance, const Seen& seen,
               const SeenCheck& check) {
  const CheckDefinition& definition = check.definition;
  const std::optional<std::string> output = outputs_of(call).find({instance.owned_key(), check.id});
  out.open_object().member("Node", parts_of(call).identity.node).member("CheckID", check.id).member("Name", check.name);
  out.member("Status", health::to_text(check.status)).member("Notes", check.notes);
  out.member("Output", output ? *output : check.output);
  out.member("ServiceID", check.is_of_node ? std::string() : seen.id);
  out.member("ServiceName", check.is_of_node ? std::string() : seen.name);
  out.name("ServiceTags");
  if (check.is_of_node) {
    out.open_array().close_array();
  } else {
    put_tags(out, seen);
  }
  out.member("Type", check.type).member("Interval", duration_of(definition.interval));
  out.member("Timeout", duration_of(definition.timeout)).member("ExposedPort", 0);
  out.name("Definition").open_object().close_object();  // never null: Go's clients end on that
  out.member("CreateIndex", rollcall::consul::created_index(seen.attributes, instance.index));
  out.member("ModifyIndex", instance.index).close_object();
}

}  // namespace rollcall::api::consul
