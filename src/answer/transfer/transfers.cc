#include "answer/transfer/transfers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "answer/transfer/zone_records.h"
#include "base/limits.h"
#include "base/rcu.h"

namespace rollcall::answer {
namespace {

std::string key_of(const registry::ServiceKey& service) {
  return std::to_string(static_cast<unsigned>(service.zone)) + '/' + service.name;
}
const std::string k_static_key;  // sorts first

}  // namespace

Transfers::Transfers(Zones& zones, Roster::PolicyOf policy_of, std::vector<TransferRules> rules,
                     std::size_t journal_bytes_max, std::size_t at_once_max)
    : zones_(zones), policy_of_(std::move(policy_of)), at_once_max_(at_once_max) {
  by_zone_.resize(zones.size());
  kept_.resize(zones.size());
  rules.resize(zones.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    by_zone_[i].rules = std::move(rules[i]);
    if (!by_zone_[i].rules.offers()) continue;
    by_zone_[i].zone = std::make_unique<TransferZone>(journal_bytes_max);
    offered_.push_back(static_cast<registry::ZoneId>(i));
  }
  const rcu::ReadLock lock;
  for (const Zone& zone : zones_.table().zones()) {
    if (zone.is_reverse) reverse_.push_back(zone.id);
  }
}

void Transfers::mark(const registry::ServiceRef& service) {
  const bool was_empty = pending_.with([&](Pending& pending) {
    const bool is_first = pending.is_empty();
    pending.zones.insert(service.zone);
    if (!offered_.empty()) pending.services.insert(registry::to_key(service));
    return is_first;
  });
  if (was_empty) pending_.wake();
}

void Transfers::publish(const registry::Service& service) { mark(service.key()); }
void Transfers::withdraw(const registry::ServiceRef& service) { mark(service); }

void Transfers::zones_replaced() {
  pending_.change([](Pending& pending) { pending.zones_replaced = true; });
}

void Transfers::serial_moved(registry::ZoneId zone) {
  pending_.change([&](Pending& pending) { pending.zones.insert(zone); });
}

bool Transfers::wait(const std::stop_token& stop) {
  if (!pending_.wait(stop, [](const Pending& pending) { return !pending.is_empty(); })) return false;
  // What comes meanwhile is part of the step.
  const auto end = std::chrono::steady_clock::now() + limits::k_serial_tick;
  pending_.wait_until(stop, end, [](const Pending&) { return false; });
  return !stop.stop_requested();
}

std::vector<registry::ZoneId> Transfers::tick(const registry::Registry& registry, const registry::KeepSerials& keep) {
  Pending pending = given_ ? take_given() : pending_.with([](Pending& waiting) { return std::exchange(waiting, {}); });
  if (is_first_) pending.zones_replaced = true;
  std::vector<Step> steps;
  {
    const rcu::ReadLock lock;
    const ZoneTable& zones = zones_.table();
    for (const registry::ServiceKey& key : pending.services) put(key, registry.find_service(key.ref()), zones);
    steps = given_ ? given_steps(zones, pending) : next_steps(zones, pending);
  }
  if (!given_) keep_steps(steps, keep);  // may wait for the writer, which waits for readers
  return show(steps);
}

std::vector<registry::ZoneId> Transfers::show(const std::vector<Step>& steps) {
  std::vector<registry::ZoneId> moved;
  const rcu::ReadLock lock;
  for (const Step& step : steps) {
    if (!step.is_kept && !is_first_) {
      put_off(step.zone);
      continue;
    }
    const Zone& zone = zones_.table().zones().at(static_cast<std::size_t>(step.zone));
    TransferZone* offered = by_zone_[static_cast<std::size_t>(step.zone)].zone.get();
    if (offered != nullptr) offered->publish(step.serial, soa_record(zone, step.serial));
    zones_.set_serial(step.zone, step.serial);
    behind_.erase(step.zone);
    moved.push_back(step.zone);
  }
  is_first_ = false;
  return moved;
}

void Transfers::go_on_behind(const std::vector<registry::KeptSerial>& kept) {
  for (const registry::KeptSerial& each : kept) kept_.at(static_cast<std::size_t>(each.zone)) = each.serial;
}

void Transfers::go_on_behind(registry::ChangeIndex index) {
  const rcu::ReadLock lock;
  for (const Zone& zone : zones_.table().zones()) {
    kept_.at(static_cast<std::size_t>(zone.id)) = zone.records.serial() + static_cast<dns::Serial>(index);
  }
}

// Which zones, then their serials, then the services: what a serial stands for is published before the zone is marked, so
// what is read last has at least that. What it has beyond that comes with the next serial.
Transfers::Pending Transfers::take_given() {
  Pending taken = pending_.with([](Pending& waiting) {
    return Pending{.zones = std::exchange(waiting.zones, {}),
                   .services = {},
                   .zones_replaced = std::exchange(waiting.zones_replaced, false)};
  });
  {
    const rcu::ReadLock lock;
    Pending looked_at = taken;
    looked_at.zones_replaced |= is_first_;
    for (const registry::ZoneId zone : to_be_looked_at(looked_at)) taken.serials.emplace(zone, given_(zone));
  }
  taken.services = pending_.with([](Pending& waiting) { return std::exchange(waiting.services, {}); });
  return taken;
}

void Transfers::put_static(const Zone& zone, const Pending& pending) {
  TransferZone* offered = by_zone_[static_cast<std::size_t>(zone.id)].zone.get();
  if (offered != nullptr && pending.zones_replaced) offered->put(k_static_key, static_records(zone));
}

// The zones whose serial is another than the one shown. What has changed in a zone whose serial stays is shown with the next.
std::vector<Transfers::Step> Transfers::given_steps(const ZoneTable& zones, const Pending& pending) {
  std::vector<Step> steps;
  for (const auto& [id, serial] : pending.serials) {
    const Zone& zone = zones.zones().at(static_cast<std::size_t>(id));
    put_static(zone, pending);
    if (is_first_) {
      steps.push_back({id, serial.value_or(zone.records.serial())});
    } else if (serial && *serial != zones_.serial(id)) {
      steps.push_back({id, *serial});
    }
  }
  return steps;
}

// The zones that have changed, and the serial each is to have.
std::vector<Transfers::Step> Transfers::next_steps(const ZoneTable& zones, const Pending& pending) {
  std::vector<Step> steps;
  for (const registry::ZoneId id : to_be_looked_at(pending)) {
    const Zone& zone = zones.zones().at(static_cast<std::size_t>(id));
    put_static(zone, pending);
    const dns::Serial in_file = zone.records.serial();
    const dns::Serial shown = zones_.serial(zone.id);
    if (is_first_) {
      steps.push_back({zone.id, first_serial(zone)});
    } else if (behind_.contains(zone.id) || has_changed(zone, pending)) {
      steps.push_back({zone.id, dns::is_newer(in_file, shown) ? in_file : shown + 1});
    }
  }
  return steps;
}

// A server may have a hundred thousand zones, and ticks ten times a second: only those are looked at that may have
// changed, and all of them where the files are new.
std::set<registry::ZoneId> Transfers::to_be_looked_at(const Pending& pending) const {
  std::set<registry::ZoneId> zones = pending.zones;
  if (is_first_ || pending.zones_replaced) {
    for (std::size_t i = 0; i < by_zone_.size(); ++i) zones.insert(zones.end(), static_cast<registry::ZoneId>(i));
    return zones;
  }
  zones.insert(offered_.begin(), offered_.end());
  if (!pending.zones.empty()) zones.insert(reverse_.begin(), reverse_.end());
  return zones;
}

dns::Serial Transfers::first_serial(const Zone& zone) const {
  const dns::Serial in_file = zone.records.serial();
  const std::optional<dns::Serial> kept = kept_.at(static_cast<std::size_t>(zone.id));
  return !kept || dns::is_newer(in_file, *kept) ? in_file : *kept + 1;
}

// The stored serials run ahead of those shown; when one is reached, all of a write move on.
void Transfers::keep_steps(std::vector<Step>& steps, const registry::KeepSerials& keep) {
  std::vector<registry::KeptSerial> wanted;
  for (Step& step : steps) {
    const std::optional<dns::Serial> kept = kept_.at(static_cast<std::size_t>(step.zone));
    step.is_kept = !is_first_ && kept && !dns::is_newer(step.serial, *kept);
    if (!step.is_kept) wanted.push_back({step.zone, step.serial + limits::k_serial_reserve});
  }
  if (wanted.empty() || !keep(wanted)) return;
  go_on_behind(wanted);
  for (Step& step : steps) step.is_kept = true;
}

// To be moved with the next tick.
void Transfers::put_off(registry::ZoneId zone) {
  behind_.insert(zone);
  pending_.with([&](Pending& pending) { pending.zones.insert(zone); });
}

// Zones nobody transfers are not compared, record by record: any change that may concern them moves the serial.
bool Transfers::has_changed(const Zone& zone, const Pending& pending) const {
  if (pending.zones_replaced) return true;
  if (const TransferZone* offered = at(zone.id).zone.get()) return offered->has_changes();
  return zone.is_reverse ? !pending.zones.empty() : pending.zones.contains(zone.id);
}

void Transfers::put(const registry::ServiceKey& key, const registry::Service* service, const ZoneTable& zones) {
  const Zone& own = zones.zones().at(static_cast<std::size_t>(key.zone));
  for (const registry::ZoneId id : offered_) {
    const Zone& zone = zones.zones().at(static_cast<std::size_t>(id));
    TransferZone* offered = by_zone_[static_cast<std::size_t>(id)].zone.get();
    if (&zone == &own && !zone.is_reverse) {
      offered->put(key_of(key), service == nullptr ? RecordSet()
                                                   : service_records(*service, zones_.label_of(*service), zone,
                                                                     policy_of_(key.ref())));
    } else if (zone.is_reverse) {
      offered->put(key_of(key), service == nullptr ? RecordSet()
                                                   : reverse_records(*service, zones_.label_of(*service),
                                                                     own.records.apex(), zones, zone));
    }
  }
}

std::optional<TransferPlace> Transfers::take_place() const {
  if (under_way_.fetch_add(1, std::memory_order_relaxed) < at_once_max_) return TransferPlace(under_way_);
  under_way_.fetch_sub(1, std::memory_order_relaxed);
  put_off_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

bool Transfers::allows(registry::ZoneId zone, const IpAddress& client, const dns::TsigKey* key) const {
  const TransferRules& rules = at(zone).rules;
  if (!rules.offers()) return false;
  const bool is_near =
      rules.to.empty() || std::ranges::any_of(rules.to, [&](const IpPrefix& each) { return each.contains(client); });
  const bool is_known = !rules.key || (key != nullptr && key->name == *rules.key);
  return is_near && is_known;
}

}  // namespace rollcall::answer
