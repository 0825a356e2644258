#include "answer/zone/zones.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace rollcall::answer {

std::size_t ZoneTable::Hash::operator()(std::string_view folded) const noexcept {
  static const std::uint64_t seed = hash_seed();
  return hash_bytes(folded, seed);
}

ZoneTable::ZoneTable(std::vector<Zone> zones) : zones_(std::move(zones)) {
  folded_apexes_.reserve(zones_.size());
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    Zone& zone = zones_[i];
    zone.id = static_cast<registry::ZoneId>(i);
    folded_apexes_.push_back(zone.records.apex().folded_wire());
    const bool is_new = by_apex_.emplace(folded_apexes_.back(), &zone).second;
    check(is_new, "no zone is served twice");
    zone.folded_apex = folded_apexes_.back();
    zone.apex_labels = zone.records.apex().label_count();
    zone.is_reverse = is_reverse(zone.records.apex());
    if (zone.is_reverse) {
      // Whoever reads settings has refused the others; without it the zone has what its file says.
      if (Result<ReverseSpace> space = ReverseSpace::parse(zone.records.apex())) zone.reverse = std::move(*space);
    }
    label_counts_.push_back(zone.apex_labels);
  }
  std::ranges::sort(label_counts_, std::greater{});
  label_counts_.erase(std::ranges::unique(label_counts_).begin(), label_counts_.end());
}

bool is_told_by_file(const Zone& zone, const dns::QuestionName& name) noexcept {
  const Node* node = zone.records.find(name.suffix(0));
  if (node == nullptr || name.labels > zone.apex_labels) return node != nullptr;
  return node->find(dns::Type::ptr) != nullptr;
}

const Zone* ZoneTable::find_enclosing(const dns::QuestionName& name) const noexcept {
  for (const std::size_t count : label_counts_) {
    if (count > name.labels) continue;
    if (const Zone* zone = find(name.suffix(name.labels - count))) return zone;
  }
  return nullptr;
}

const Zone* ZoneTable::find_answering(const dns::QuestionName& name, dns::Type type) const noexcept {
  const Zone* zone = find_enclosing(name);
  if (type != dns::Type::ds || zone == nullptr || zone->apex_labels != name.labels) return zone;
  const auto above = std::ranges::find_if(label_counts_, [&](std::size_t count) {
    return count < name.labels && find(name.suffix(name.labels - count)) != nullptr;
  });
  if (above == label_counts_.end()) return zone;
  const Zone* parent = find(name.suffix(name.labels - *above));
  const StaticAnswer found = parent->records.look_up(name, type);
  const bool has_name = (found.found == Found::hit || found.found == Found::nodata) && !found.wildcard;
  return has_name && found.node->find(dns::Type::ns) != nullptr ? parent : zone;
}

const Zone* ZoneTable::find(std::string_view folded_apex) const noexcept {
  const auto at = by_apex_.find(folded_apex);
  return at == by_apex_.end() ? nullptr : at->second;
}

Zones::Zones(std::vector<Zone> zones) : serials_(zones.size()) {
  for (std::size_t i = 0; i < zones.size(); ++i) serials_[i].store(zones[i].records.serial());
  for (const Zone& zone : zones) {
    apexes_.push_back(zone.records.apex());
    names_.push_back(apexes_.back().text_without_dot());
    by_folded_apex_.emplace(apexes_.back().folded_wire(), static_cast<registry::ZoneId>(apexes_.size() - 1));
  }
  check(!apexes_.empty(), "at least one zone is served");
  table_.store(new ZoneTable(with_serials(std::move(zones))), std::memory_order_release);
}

Zones::~Zones() { delete table_.load(std::memory_order_relaxed); }

std::vector<Zone> Zones::with_serials(std::vector<Zone> zones) const {
  for (std::size_t i = 0; i < zones.size(); ++i) zones[i].serial = &serials_[i];
  return zones;
}

dns::Serial Zones::serial(registry::ZoneId zone) const {
  return serials_.at(static_cast<std::size_t>(zone)).load(std::memory_order_relaxed);
}

void Zones::set_serial(registry::ZoneId zone, dns::Serial serial) {
  serials_.at(static_cast<std::size_t>(zone)).store(serial, std::memory_order_relaxed);
}

const ZoneTable& Zones::table() const noexcept { return *table_.load(std::memory_order_acquire); }

void Zones::replace(std::vector<Zone> zones) {
  check(std::ranges::equal(zones, apexes_, {}, [](const Zone& zone) { return zone.records.apex(); }),
        "a reload keeps the zones and their order");
  const ZoneTable* old = table_.exchange(new ZoneTable(with_serials(std::move(zones))), std::memory_order_acq_rel);
  rcu::Entry::retire(std::unique_ptr<const rcu::Entry>(old));
}

std::optional<registry::ZoneId> Zones::find(std::string_view zone_name) const {
  const std::optional<dns::Name> name = dns::Name::parse(zone_name);
  if (!name) return std::nullopt;
  const auto at = by_folded_apex_.find(name->folded_wire());
  return at == by_folded_apex_.end() ? std::nullopt : std::optional(at->second);
}

std::string Zones::name_of(registry::ZoneId zone) const { return names_.at(static_cast<std::size_t>(zone)); }

std::size_t Zones::apex_bytes_of(registry::ZoneId zone) const {
  return apexes_.at(static_cast<std::size_t>(zone)).wire().size();
}

std::optional<std::string> Zones::find_conflict(const registry::ServiceRef& service) const {
  const rcu::ReadLock lock;
  const dns::Name& apex = apexes_.at(static_cast<std::size_t>(service.zone));
  if (is_reverse(apex)) return apex.text_without_dot();  // its names are those of addresses
  return answer::find_conflict(table().zones().at(static_cast<std::size_t>(service.zone)).records, service.name);
}

std::optional<std::string> find_conflict(const StaticZone& records, std::string_view service) {
  std::array<std::optional<dns::Name>, 3> names;
  names[0] = dns::Name::join(service, records.apex());
  for (const auto& [i, protocol] : {std::pair(1, "_tcp"), std::pair(2, "_udp")}) {
    if (const auto parent = dns::Name::join(protocol, records.apex())) {
      names[static_cast<std::size_t>(i)] = dns::Name::join("_" + std::string(service), *parent);
    }
  }
  for (const std::optional<dns::Name>& name : names) {
    if (!name) continue;
    if (const Node* node = records.find_conflict(*name)) return node->owner.text_without_dot();
  }
  return std::nullopt;
}

}  // namespace rollcall::answer
