#include "consul/agent_ids.h"

#include <utility>

#include "consul/attributes.h"

namespace rollcall::consul {
namespace {

// Neither a holder nor an id has a control character.
std::string key_of(registry::ZoneId zone, std::string_view host, std::string_view id) {
  std::string key = std::to_string(static_cast<std::uint32_t>(zone));
  key.append(1, '\n').append(host).append(1, '\n').append(id);
  return key;
}

template <class Places>
std::optional<registry::InstanceKey> find_in(const Places& places, const std::string& key) {
  const auto found = places.find(key);
  return found == places.end() ? std::nullopt : std::optional(*found->second.begin());
}

template <class Places>
void erase_from(Places& places, const std::string& key, const registry::InstanceKey& instance) {
  const auto found = places.find(key);
  if (found == places.end()) return;
  found->second.erase(instance);
  if (found->second.empty()) places.erase(found);
}

}  // namespace

AgentIds::Entry AgentIds::entry_of(const registry::Instance& instance) {
  Attributes attributes = parse_attributes(instance.attributes());
  Entry entry{std::string(instance.id()), instance.index, std::move(attributes.id), std::move(attributes.host), {}};
  if (entry.id.empty()) entry.id = entry.instance;
  if (attributes.node) entry.host = std::move(attributes.node->name);
  for (const auto& check : instance.checks()) entry.checks.emplace_back(check.id);
  return entry;
}

void AgentIds::add(Index& index, const registry::ServiceKey& service, const Entry& entry) {
  const registry::InstanceKey instance{service, entry.instance};
  index.ids[key_of(service.zone, entry.host, entry.id)].insert(instance);
  for (const std::string& check : entry.checks) index.checks[key_of(service.zone, entry.host, check)].insert(instance);
}

void AgentIds::remove(Index& index, const registry::ServiceKey& service, const Entry& entry) {
  const registry::InstanceKey instance{service, entry.instance};
  erase_from(index.ids, key_of(service.zone, entry.host, entry.id), instance);
  for (const std::string& check : entry.checks)
    erase_from(index.checks, key_of(service.zone, entry.host, check), instance);
}

// Both lists are in the order of the instances' ids.
void AgentIds::publish(const registry::Service& service) {
  index_.with([&](Index& index) {
    const auto known = index.services.find(service.service);
    std::vector<Entry> none;
    std::vector<Entry>& before = known == index.services.end() ? none : known->second;
    std::vector<Entry> after;
    after.reserve(before.size());
    auto old = before.begin();
    for (const registry::Instance* instance : service.instances) {
      if (instance->door() != registry::Door::consul) continue;
      while (old != before.end() && old->instance < instance->id()) remove(index, service.service, *old++);
      if (old != before.end() && old->instance == instance->id()) {
        if (old->index == instance->index) {
          after.push_back(std::move(*old++));
          continue;
        }
        remove(index, service.service, *old++);
      }
      after.push_back(entry_of(*instance));
      add(index, service.service, after.back());
    }
    while (old != before.end()) remove(index, service.service, *old++);
    if (!after.empty()) {
      index.services.insert_or_assign(service.service, std::move(after));
    } else if (known != index.services.end()) {
      index.services.erase(known);
    }
  });
}

void AgentIds::withdraw(const registry::ServiceRef& service) {
  index_.with([&](Index& index) {
    const auto known = index.services.find(registry::to_key(service));
    if (known == index.services.end()) return;
    for (const Entry& entry : known->second) remove(index, known->first, entry);
    index.services.erase(known);
  });
}

std::optional<registry::InstanceKey> AgentIds::find_service(registry::ZoneId zone, std::string_view host,
                                                            std::string_view id) const {
  return index_.with([&](const Index& index) { return find_in(index.ids, key_of(zone, host, id)); });
}

std::optional<registry::InstanceKey> AgentIds::find_check(registry::ZoneId zone, std::string_view host,
                                                          std::string_view check) const {
  return index_.with([&](const Index& index) { return find_in(index.checks, key_of(zone, host, check)); });
}

std::vector<registry::InstanceKey> AgentIds::all_of(registry::ZoneId zone, std::string_view host) const {
  return index_.with([&](const Index& index) {
    std::vector<registry::InstanceKey> all;
    for (const auto& [service, entries] : index.services) {
      if (service.zone != zone) continue;
      for (const Entry& entry : entries) {
        if (entry.host == host) all.push_back({service, entry.instance});
      }
    }
    return all;
  });
}

}  // namespace rollcall::consul
