#include "ops/zone_loader.h"

#include <filesystem>
#include <fmt/format.h>
#include <utility>

#include "answer/builtin_zone.h"
#include "base/rcu.h"
#include "dns/zone_file.h"

namespace rollcall::ops {
namespace {

Result<dns::ZoneFile> read_zone(const ZoneSettings& zone) {
  if (!zone.file.empty()) return dns::load_zone_file(zone.file, zone.name);
  const std::string usual = "zones/" + zone.name.text_without_dot() + ".zone";
  std::error_code ignored;
  if (std::filesystem::exists(usual, ignored)) return dns::load_zone_file(usual, zone.name);
  return dns::parse_zone(answer::builtin_zone_text(), zone.name, "(built-in zone)");
}

Error as_start_up(const ZoneSettings& zone, const Error& error) {
  return {Errc::start_up, fmt::format("zone {}: {}", zone.name.text_without_dot(), error.message)};
}

}  // namespace

Result<std::vector<answer::Zone>> load_zones(const Settings& settings) {
  std::vector<answer::Zone> zones;
  for (const ZoneSettings& wanted : settings.zones) {
    Result<dns::ZoneFile> file = read_zone(wanted);
    if (!file) return std::unexpected(as_start_up(wanted, file.error()));
    Result<answer::StaticZone> records = answer::StaticZone::build(std::move(*file));
    if (!records) return std::unexpected(as_start_up(wanted, records.error()));
    zones.push_back({.id = {}, .records = std::move(*records), .policy = wanted.policy});
  }
  return zones;
}

std::optional<std::string> find_collision(const std::vector<answer::Zone>& zones, const registry::Registry& registry) {
  std::optional<std::string> collision;
  const rcu::ReadLock lock;
  registry.for_each_service([&](const registry::Service& service) {
    if (collision) return;
    const answer::Zone& zone = zones.at(static_cast<std::size_t>(service.service.zone));
    if (const auto name = answer::find_conflict(zone.records, service.service.name)) {
      collision = fmt::format("zone {}: the name {} is that of the registered service \"{}\"",
                              zone.records.apex().text_without_dot(), *name, service.service.name);
    }
  });
  return collision;
}

}  // namespace rollcall::ops
