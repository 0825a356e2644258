#include "model/roll.h"

#include <algorithm>
#include <set>

#include "base/ascii_case.h"

namespace rollcall::testing {
namespace {

using namespace std::chrono_literals;
using registry::Change;
using registry::Deregister;
using registry::InstanceKey;
using registry::LeaseTime;
using registry::Register;
using registry::ServiceKey;
using registry::WallTime;

constexpr auto k_forget_after = 1h;

// The zone file of every model world has this name and no other.
bool is_static_name(const ServiceKey& service) { return service.name == "ns"; }

// Within a service no two instances have one label, and no label is a tag.
bool is_refused(const Roll& roll, const registry::Registration& asked) {
  const std::string label = registry::label_of(asked.key.id);
  const auto is_label = [&](const std::string& tag) { return equal_but_for_case(tag, label); };
  if (std::ranges::any_of(asked.tags, is_label)) return true;
  return std::ranges::any_of(roll.instances, [&](const auto& entry) {
    const auto& [key, other] = entry;
    if (key.service != asked.key.service || key.id == asked.key.id) return false;
    const std::string other_label = registry::label_of(key.id);
    return equal_but_for_case(other_label, label) || std::ranges::any_of(other.registration.tags, is_label) ||
           std::ranges::any_of(asked.tags, [&](const auto& tag) { return equal_but_for_case(tag, other_label); });
  });
}

void settle_service(Roll& roll, const ServiceKey& key, LeaseTime now, WallTime wall) {
  ModelService& service = roll.services[key];
  const bool is_empty = roll.members(key).empty();
  service.emptied_at = is_empty ? std::optional(wall) : std::nullopt;
  if (is_empty) service.forget_at = now + k_forget_after;
}

// One batch, laid over a copy of the roll; `renewed` are the leases that move whatever becomes of the copy.
struct Batch {
  Roll roll = {};
  std::set<InstanceKey> touched = {};
  std::set<InstanceKey> registered = {};  // of those: whose lease begins with the batch
  std::set<ServiceKey> services = {};
  std::set<InstanceKey> renewed = {};
  std::vector<bool> waits = {};
  std::vector<Predicted> outcomes = {};

  LeaseTime now;
  WallTime wall;

  void add(const Register& change);
  void add(const registry::Edit& change);
  void add(const Deregister& change) { take_out(change.key); }
  void add(const registry::End& change);
  void add(const registry::SetDraining& change);
  void add(const registry::SetHealth& change);
  // Of other doors: tests/unit/registry/named_checks_test.cc has them.
  void add(const registry::SetCheck& /*change*/) { refuse(Errc::invalid); }
  void add(const registry::RemoveCheck& /*change*/) { refuse(Errc::invalid); }
  // Of a cluster.
  void add(const registry::Renew& /*change*/) { refuse(Errc::invalid); }
  // tests/unit/registry/patch_test.cc has them.
  void add(const registry::Patch& /*change*/) { refuse(Errc::invalid); }
  void add(const registry::ForgetService& /*change*/) { refuse(Errc::invalid); }
  void take_out(const InstanceKey& key);
  void put(ModelInstance made, bool is_new);
  void put_standing(const InstanceKey& key, registry::Standing standing);
  void refuse(Errc error) {
    outcomes.push_back({.error = error});
    waits.push_back(false);
  }
};

void Batch::put(ModelInstance made, bool is_new) {
  made.index = ++roll.index;
  outcomes.push_back(
      {.created = is_new, .changed = true, .status = made.status(), .index = made.index, .expires_at = made.deadline});
  waits.push_back(true);
  const InstanceKey key = made.registration.key;
  ModelService& service = roll.services[key.service];
  service.index = made.index;
  service.protocols |= registry::to_set(made.registration.protocol);
  roll.instances.insert_or_assign(key, std::move(made));
  touched.insert(key);
  services.insert(key.service);
}

void Batch::add(const Register& change) {
  const registry::Registration& asked = change.registration;
  const auto before = roll.instances.find(asked.key);
  const bool is_known = before != roll.instances.end();
  const bool renews_staged = registered.contains(asked.key);
  if (is_known && before->second.registration == asked && (!touched.contains(asked.key) || renews_staged)) {
    const bool is_staged = touched.contains(asked.key);
    if (!is_staged) {
      renewed.insert(asked.key);
      before->second.deadline = std::max(before->second.deadline, deadline_after(now, asked.ttl));
    }
    outcomes.push_back({.status = before->second.status(),
                        .index = before->second.index,
                        .expires_at = is_staged ? deadline_after(now, asked.ttl) : before->second.deadline});
    waits.push_back(is_staged);
    return;
  }
  if (!is_known && !roll.services.contains(asked.key.service) && is_static_name(asked.key.service)) {
    return refuse(Errc::conflict);
  }
  if (is_refused(roll, asked)) return refuse(Errc::conflict);
  registered.insert(asked.key);
  put({.registration = asked,
       .standing = is_known ? before->second.standing : registry::Standing(registry::Status::ready, wall),
       .registered_at = is_known ? before->second.registered_at : wall,
       .deadline = deadline_after(now, asked.ttl)},
      !is_known);
}

void Batch::add(const registry::Edit& change) {
  const registry::Registration& asked = change.registration;
  const auto before = roll.instances.find(asked.key);
  const bool is_known = before != roll.instances.end();
  if (is_known && before->second.registration == asked && before->second.standing == change.standing) {
    outcomes.push_back({.status = before->second.status(), .index = before->second.index});
    waits.push_back(touched.contains(asked.key));  // what is only staged depends on its record
    return;
  }
  if (!is_known && !roll.services.contains(asked.key.service) && is_static_name(asked.key.service)) {
    return refuse(Errc::conflict);
  }
  if (is_refused(roll, asked)) return refuse(Errc::conflict);
  registry::Standing standing = change.standing;
  if (!is_known || standing.status() != before->second.status()) standing.since = wall;
  if (!is_known) registered.insert(asked.key);
  put({.registration = asked,
       .standing = standing,
       .registered_at = is_known ? before->second.registered_at : wall,
       .deadline = registered.contains(asked.key) ? deadline_after(now, asked.ttl) : before->second.deadline},
      !is_known);
}

void Batch::take_out(const InstanceKey& key) {
  const auto before = roll.instances.find(key);
  if (before == roll.instances.end()) return refuse(Errc::unknown_instance);
  outcomes.push_back({.changed = true, .status = before->second.status(), .index = ++roll.index});
  waits.push_back(true);
  roll.services[key.service].index = roll.index;
  roll.instances.erase(before);
  touched.insert(key);
  registered.erase(key);
  services.insert(key.service);
}

// Who has registered in the same batch has been heard of since.
void Batch::add(const registry::End& change) {
  const auto before = roll.instances.find(change.key);
  if (before == roll.instances.end() || !registered.contains(change.key)) return take_out(change.key);
  outcomes.push_back({.status = before->second.status(), .index = before->second.index});
  waits.push_back(true);
}

void Batch::add(const registry::SetDraining& change) {
  const auto before = roll.instances.find(change.key);
  if (before == roll.instances.end()) return refuse(Errc::unknown_instance);
  registry::Standing standing = before->second.standing;
  standing.is_draining = change.is_draining;
  put_standing(change.key, standing);
}

void Batch::add(const registry::SetHealth& change) {
  const auto before = roll.instances.find(change.key);
  if (before == roll.instances.end()) return refuse(Errc::unknown_instance);
  registry::Standing standing = before->second.standing;
  standing.set_plan_result(change.is_critical, change.output, wall);
  put_standing(change.key, standing);
}

void Batch::put_standing(const InstanceKey& key, registry::Standing standing) {
  ModelInstance made = roll.instances.at(key);
  if (made.standing == standing) {
    outcomes.push_back({.status = made.status(), .index = made.index});
    waits.push_back(touched.contains(key));
    return;
  }
  if (made.status() != standing.status()) standing.since = wall;
  made.standing = std::move(standing);
  put(std::move(made), false);
}

}  // namespace

LeaseTime deadline_after(LeaseTime now, std::chrono::milliseconds ttl) {
  return LeaseTime(std::chrono::ceil<std::chrono::milliseconds>(now.time_since_epoch() + ttl));
}

std::vector<const ModelInstance*> Roll::members(const ServiceKey& service) const {
  std::vector<const ModelInstance*> found;
  for (const auto& [key, instance] : instances) {
    if (key.service == service) found.push_back(&instance);
  }
  return found;
}

std::vector<Predicted> Model::apply(const std::vector<Change>& changes, LeaseTime now, WallTime wall,
                                    std::optional<Errc> store_error) {
  sweep(now, wall);
  Batch batch{.roll = visible, .now = now, .wall = wall};
  for (const Change& change : changes) std::visit([&](const auto& asked) { batch.add(asked); }, change.asked);
  if (batch.services.empty() || !store_error) {
    for (const ServiceKey& service : batch.services) settle_service(batch.roll, service, now, wall);
    visible = std::move(batch.roll);
    return std::move(batch.outcomes);
  }
  for (const InstanceKey& key : batch.renewed) {
    ModelInstance& instance = visible.instances.at(key);
    instance.deadline = std::max(instance.deadline, deadline_after(now, instance.registration.ttl));
  }
  for (std::size_t i = 0; i < batch.outcomes.size(); ++i) {
    if (batch.waits[i]) batch.outcomes[i] = {.error = store_error};
  }
  return std::move(batch.outcomes);
}

bool Model::heartbeat(const InstanceKey& key, LeaseTime now) {
  const auto at = visible.instances.find(key);
  if (at == visible.instances.end() || at->second.deadline <= now) return false;
  at->second.deadline = std::max(at->second.deadline, deadline_after(now, at->second.registration.ttl));
  return true;
}

void Model::sweep(LeaseTime now, WallTime wall) {
  std::set<ServiceKey> ended;
  std::erase_if(visible.instances, [&](const auto& entry) {
    const bool is_over = entry.second.deadline <= now;
    if (is_over) ended.insert(entry.first.service);
    return is_over;
  });
  for (const ServiceKey& service : ended) {
    visible.services.at(service).index = ++visible.index;
    settle_service(visible, service, now, wall);
  }
  std::erase_if(visible.services,
                [&](const auto& entry) { return entry.second.emptied_at && entry.second.forget_at <= now; });
}

std::optional<LeaseTime> Model::next_event() const {
  std::optional<LeaseTime> next;
  const auto take = [&](LeaseTime time) { next = next ? std::min(*next, time) : time; };
  for (const auto& [key, instance] : visible.instances) take(instance.deadline);
  for (const auto& [key, service] : visible.services) {
    if (service.emptied_at) take(service.forget_at);
  }
  return next;
}

void Model::pass(LeaseTime from, LeaseTime to, WallTime wall) {
  const auto wall_at = [&](LeaseTime time) {
    return wall + std::chrono::floor<std::chrono::milliseconds>(time - from);
  };
  LeaseTime now = from;
  for (std::optional<LeaseTime> next = next_event(); next && *next <= to; next = next_event()) {
    now = std::max(now, *next);
    sweep(now, wall_at(now));
  }
}

// Everything stored is back, with one lease of grace; what was empty is remembered for the rest of its hour.
void Model::restart(LeaseTime now, WallTime wall) {
  visible = stored;
  for (auto& [key, instance] : visible.instances) instance.deadline = deadline_after(now, instance.registration.ttl);
  for (auto& [key, service] : visible.services) {
    if (service.emptied_at) service.forget_at = now - (wall - *service.emptied_at) + k_forget_after;
  }
  sweep(now, wall);
}

}  // namespace rollcall::testing
