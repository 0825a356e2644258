// When zones are replaced: instances whose names are in a zone file now leave the roll. Their rows stay stored.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "registry/instance/instance_image.h"
#include "registry/registry.h"
#include "registry/rules.h"

namespace rollcall::registry {

std::optional<Registry::Leaving> Registry::find_leaving(const Service& service) const {
  Leaving leaving{&service, false, {}};
  const auto free = std::ranges::find_if(service.instances,
                                         [](const Instance* instance) { return instance->door() != Door::native; });
  const Door door = free == service.instances.end() ? Door::native : (*free)->door();
  if (const std::optional<Error> refusal = refuse_service(service.key(), zones_, door)) {
    leaving.is_whole = true;
    for (const Instance* instance : service.instances) leaving.instances.emplace_back(instance, refusal->message);
    return leaving;
  }
  if (!zones_.may_have_names_below(service.key())) return std::nullopt;
  for (const Instance* instance : service.instances) {
    if (instance->door() != Door::native) continue;
    std::optional<Error> refusal = refuse_names(instance->key(), instance->registration().tags, zones_);
    if (refusal) leaving.instances.emplace_back(instance, std::move(refusal->message));
  }
  return leaving.instances.empty() ? std::nullopt : std::optional(std::move(leaving));
}

std::vector<Refused> Registry::set_aside_refused(LeaseTime now, WallTime wall_now) {
  const rcu::ReadLock lock;
  std::vector<Leaving> all;
  services_.for_each([&](const Service& service) {
    if (std::optional<Leaving> leaving = find_leaving(service)) all.push_back(std::move(*leaving));
  });
  std::vector<Refused> refused;
  for (Leaving& leaving : all) {
    for (const auto& [instance, sentence] : leaving.instances) refused.push_back({instance->owned_key(), sentence});
    set_aside(leaving, now, wall_now);
  }
  return refused;
}

// As with leases that end: invisible at once, and what is to be stored is pending.
void Registry::set_aside(Leaving& leaving, LeaseTime now, WallTime wall_now) {
  const Service& service = *leaving.service;
  const ServiceKey key = service.service;
  std::vector<const Instance*> members;
  auto next = leaving.instances.begin();  // both are in the order of ids
  for (const Instance* member : service.instances) {
    if (next != leaving.instances.end() && next->first == member) {
      ++next;
    } else {
      members.push_back(member);
    }
  }
  const ChangeIndex index = take_index(service.index);
  std::vector<std::unique_ptr<const Instance>> retired;
  for (auto& [instance, sentence] : leaving.instances) {
    if (authority_ == nullptr) {
      pending_.set_aside.push_back({instance->owned_key(), sentence});
      pending_.events.push_back({.at = wall_now,
                                 .key = instance->owned_key(),
                                 .kind = EventKind::deregistered,
                                 .cause = Cause::set_aside,
                                 .detail = std::move(sentence),
                                 .index = index,
                                 .before = write_image(*instance)});
    }
    wheel_.cancel(const_cast<Instance&>(*instance));  // timers belong to the writer
    instance->lease.end();
    labels_.remove(*instance);
    retired.push_back(instances_.remove(*instance));
  }
  instance_count_.fetch_sub(retired.size(), std::memory_order_relaxed);
  if (leaving.is_whole) {
    forget_at(key, std::nullopt);
    pending_.services.erase(key);
    std::unique_ptr<const Service> gone = services_.remove(service);
    audience_.withdraw(key.ref());
    rcu::Entry::retire(std::move(gone));
    service_count_.fetch_sub(1, std::memory_order_relaxed);
  } else {
    const bool is_empty = members.empty();
    if (authority_ == nullptr) {
      pending_.services.insert_or_assign(
          key, ServiceRecord{key, index, service.protocols, is_empty ? std::optional(wall_now) : std::nullopt});
    }
    publish_snapshot(key, index, service.protocols, std::move(members), wall_now, now);
  }
  raise_visible_index(index);
  for (std::unique_ptr<const Instance>& instance : retired) rcu::Entry::retire(std::move(instance));
}

}  // namespace rollcall::registry
