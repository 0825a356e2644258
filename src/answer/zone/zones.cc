#include "answer/zone/zones.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "registry/rules.h"

namespace rollcall::answer {

std::size_t ZoneTable::Hash::operator()(std::string_view folded) const noexcept {
  static const std::uint64_t seed = hash_seed();
  return hash_bytes(folded, seed);
}

ZoneTable::ZoneTable(std::vector<Zone> zones, const Zone* made) : zones_(std::move(zones)) {
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
  if (made != nullptr) {
    folded_made_ = made->records.apex().folded_wire();
    const bool is_new = by_apex_.emplace(folded_made_, made).second;
    check(is_new, "no zone is served twice");
    label_counts_.push_back(made->apex_labels);
  }
  std::ranges::sort(label_counts_, std::greater{});
  label_counts_.erase(std::ranges::unique(label_counts_).begin(), label_counts_.end());
  const auto tell_outer = [this](dns::Name above) {
    while (!above.is_root()) {
      above = above.parent();
      const auto outer = by_apex_.find(above.folded_wire());
      if (outer == by_apex_.end() || outer->second->consul != nullptr) continue;
      zones_[static_cast<std::size_t>(outer->second->id)].has_zones_below = true;
    }
  };
  for (const Zone& inner : zones_) tell_outer(inner.records.apex());
  if (made != nullptr) tell_outer(made->records.apex());
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

Zones::Zones(std::vector<Zone> zones, std::unique_ptr<Zone> made) : serials_(zones.size()) {
  for (std::size_t i = 0; i < zones.size(); ++i) serials_[i].store(zones[i].records.serial());
  for (const Zone& zone : zones) {
    apexes_.push_back(zone.records.apex());
    names_.push_back(apexes_.back().text_without_dot());
    by_folded_apex_.emplace(apexes_.back().folded_wire(), static_cast<registry::ZoneId>(apexes_.size() - 1));
  }
  check(!apexes_.empty(), "at least one zone is served");
  if (made != nullptr && !by_folded_apex_.contains(made->records.apex().folded_wire())) {
    made->apex_labels = made->records.apex().label_count();
    made->serial = &made_serial_;
    made_ = std::move(made);
  }
  table_.store(new ZoneTable(with_serials(std::move(zones)), made_.get()), std::memory_order_release);
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

void Zones::refresh_made_serial() const {
  dns::Serial sum = 0;
  for (const std::atomic<dns::Serial>& serial : serials_) sum += serial.load(std::memory_order_relaxed);
  if (made_serial_.load(std::memory_order_relaxed) != sum) made_serial_.store(sum, std::memory_order_relaxed);
}

const ZoneTable& Zones::table() const noexcept { return *table_.load(std::memory_order_acquire); }

void Zones::replace(std::vector<Zone> zones) {
  check(std::ranges::equal(zones, apexes_, {}, [](const Zone& zone) { return zone.records.apex(); }),
        "a reload keeps the zones and their order");
  const ZoneTable* old =
      table_.exchange(new ZoneTable(with_serials(std::move(zones)), made_.get()), std::memory_order_acq_rel);
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

// --- Names that are taken ---

namespace {

using registry::TakenName;

std::optional<dns::Name> below(const std::optional<dns::Name>& parent, std::string_view label) {
  return parent ? dns::Name::join(label, *parent) : std::nullopt;
}

// `_S._P.Z`.
std::optional<dns::Name> protocol_name(const dns::Name& apex, std::string_view service, std::string_view protocol) {
  return below(dns::Name::join(protocol, apex), "_" + std::string(service));
}

constexpr std::array k_protocols{"_tcp", "_udp"};

}  // namespace

// A name that would be too long is nobody's.
std::optional<TakenName> Zones::find_taken(const Zone& zone, const std::optional<dns::Name>& name) const {
  dns::QuestionName asked;
  const dns::Name& apex = zone.records.apex();
  if (!name || !asked.read(name->wire())) return std::nullopt;
  if (const Zone* nearest = table().find_enclosing(asked); nearest != nullptr && nearest->records.apex() != apex) {
    return TakenName{TakenName::By::other_zone, name->text_without_dot(), nearest->records.apex().text_without_dot()};
  }
  const Node* node = zone.records.find_conflict(*name);
  if (node == nullptr) return std::nullopt;
  const bool is_whole = node->owner == apex;
  return TakenName{is_whole ? TakenName::By::whole_zone : TakenName::By::zone_file, node->owner.text_without_dot()};
}

std::string Zones::label_of(const registry::Service& service) const {
  const std::string& name = service.service.name;
  std::string label = registry::service_label_of(name);
  const auto is_free = [](const registry::Instance* instance) { return instance->door() != registry::Door::native; };
  if (std::ranges::none_of(service.instances, is_free)) return label;
  const bool is_taken =
      registry::is_dns_sd_label(name) || label == "_tcp" || label == "_udp" || find_taken(service.key());
  return is_taken ? registry::derived_label_of(name) : label;
}

std::optional<TakenName> Zones::find_taken(const registry::ServiceRef& asked) const {
  const std::string label = registry::service_label_of(asked.name);
  const registry::ServiceRef service{asked.zone, label};
  const rcu::ReadLock lock;
  const Zone& zone = table().zones().at(static_cast<std::size_t>(service.zone));
  const dns::Name& apex = zone.records.apex();
  if (zone.is_reverse) return TakenName{TakenName::By::whole_zone, apex.text_without_dot()};
  if (auto taken = find_taken(zone, dns::Name::join(service.name, apex))) return taken;
  for (const char* protocol : k_protocols) {
    if (auto taken = find_taken(zone, protocol_name(apex, service.name, protocol))) return taken;
  }
  return std::nullopt;
}

bool Zones::may_have_names_below(const registry::ServiceRef& service) const {
  const rcu::ReadLock lock;
  const Zone& zone = table().zones().at(static_cast<std::size_t>(service.zone));
  return zone.has_zones_below || zone.records.has_names_below_others();
}

std::optional<TakenName> Zones::find_taken_below(const registry::ServiceRef& service, std::string_view label,
                                                 Below what) const {
  const rcu::ReadLock lock;
  const Zone& zone = table().zones().at(static_cast<std::size_t>(service.zone));
  const dns::Name& apex = zone.records.apex();
  if (auto taken = find_taken(zone, below(dns::Name::join(service.name, apex), label))) return taken;
  for (const char* protocol : k_protocols) {
    const std::optional<dns::Name> parent = protocol_name(apex, service.name, protocol);
    if (what == Below::instance) {
      if (auto taken = find_taken(zone, below(parent, label))) return taken;
      continue;
    }
    const std::optional<dns::Name> subtypes = below(parent, "_sub");
    if (auto taken = find_taken(zone, subtypes)) return taken;
    if (auto taken = find_taken(zone, below(subtypes, "_" + std::string(label)))) return taken;
  }
  return std::nullopt;
}

}  // namespace rollcall::answer
