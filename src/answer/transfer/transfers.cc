#include "answer/transfer/transfers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "answer/transfer/zone_records.h"
#include "base/limits.h"
#include "base/rcu.h"

namespace rollcall::answer {
namespace {

// A quiet zone's serial follows the index before that is half the circle ahead: from there the way forward would look
// like the way back (RFC 1982 §3.2).
constexpr dns::Serial k_lag_max = dns::Serial{1} << 30;

std::string key_of(const registry::ServiceKey& service) {
  return std::to_string(static_cast<unsigned>(service.zone)) + '/' + service.name;
}
const std::string k_static_key;  // sorts first

}  // namespace

Transfers::Transfers(Zones& zones, Roster::PolicyOf policy_of, std::vector<TransferRules> rules,
                     std::size_t journal_bytes_max, std::size_t at_once_max)
    : zones_(zones), policy_of_(std::move(policy_of)), at_once_max_(at_once_max) {
  by_zone_.resize(zones.size());
  rules.resize(zones.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    by_zone_[i].rules = std::move(rules[i]);
    if (!by_zone_[i].rules.offers()) continue;
    by_zone_[i].zone = std::make_unique<TransferZone>(journal_bytes_max);
    offers_any_ = true;
  }
}

void Transfers::mark(const registry::ServiceRef& service, registry::ChangeIndex index) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = pending_.is_empty();
    pending_.zones.insert(service.zone);
    if (offers_any_) pending_.services.insert(registry::to_key(service));
    pending_.index = std::max(pending_.index, index);
  }
  if (was_empty) arrived_.notify_one();
}

void Transfers::publish(const registry::Service& service) { mark(service.key(), service.index); }
void Transfers::withdraw(const registry::ServiceRef& service) { mark(service, 0); }

void Transfers::zones_replaced() {
  {
    const std::lock_guard lock(mutex_);
    pending_.zones_replaced = true;
  }
  arrived_.notify_one();
}

bool Transfers::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait(lock, stop, [this] { return !pending_.is_empty(); })) return false;
  // What comes meanwhile is part of the step.
  arrived_.wait_for(lock, stop, limits::k_serial_tick, [] { return false; });
  return !stop.stop_requested();
}

std::vector<registry::ZoneId> Transfers::tick(const registry::Registry& registry) {
  Pending pending;
  {
    const std::lock_guard lock(mutex_);
    pending = std::exchange(pending_, {});
  }
  std::vector<registry::ZoneId> moved;
  const rcu::ReadLock lock;
  const ZoneTable& zones = zones_.table();
  if (is_first_) {
    pending.zones_replaced = true;
    index_ = registry.counts().index;
  }
  index_ = std::max(index_, pending.index);
  for (const registry::ServiceKey& key : pending.services) put(key, registry.find_service(key.ref()), zones);
  for (const Zone& zone : zones.zones()) {
    TransferZone* offered = by_zone_[static_cast<std::size_t>(zone.id)].zone.get();
    if (offered != nullptr && pending.zones_replaced) offered->put(k_static_key, static_records(zone));
    const dns::Serial shown = zones_.serial(zone.id);
    const dns::Serial derived = zone.records.serial() + static_cast<dns::Serial>(index_);
    const bool lags = dns::is_newer(derived, shown + k_lag_max);
    if (!is_first_ && !lags && !has_changed(zone, pending)) continue;
    const dns::Serial serial = is_first_ || dns::is_newer(derived, shown) ? derived : shown + 1;
    if (offered != nullptr) offered->publish(serial, soa_record(zone, serial));
    zones_.set_serial(zone.id, serial);
    moved.push_back(zone.id);
  }
  is_first_ = false;
  return moved;
}

// Zones nobody transfers are not compared, record by record: any change that may concern them moves the serial.
bool Transfers::has_changed(const Zone& zone, const Pending& pending) const {
  if (pending.zones_replaced) return true;
  if (const TransferZone* offered = at(zone.id).zone.get()) return offered->has_changes();
  return zone.is_reverse ? !pending.zones.empty() : pending.zones.contains(zone.id);
}

void Transfers::put(const registry::ServiceKey& key, const registry::Service* service, const ZoneTable& zones) {
  const Zone& own = zones.zones().at(static_cast<std::size_t>(key.zone));
  for (const Zone& zone : zones.zones()) {
    TransferZone* offered = by_zone_[static_cast<std::size_t>(zone.id)].zone.get();
    if (offered == nullptr) continue;
    if (&zone == &own && !zone.is_reverse) {
      offered->put(key_of(key),
                   service == nullptr ? RecordSet() : service_records(*service, zone, policy_of_(key.ref())));
    } else if (zone.is_reverse) {
      offered->put(key_of(key),
                   service == nullptr ? RecordSet() : reverse_records(*service, own.records.apex(), zones, zone));
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
