#include "ops/zone_loader.h"

#include <filesystem>
#include <utility>

#include "answer/zone/builtin_zone.h"
#include "dns/zone_file.h"

namespace rollcall::ops {
namespace {

// Error messages begin with the file's name.
Result<answer::StaticZone> read_zone(const ZoneSettings& zone) {
  if (!zone.file.empty()) return answer::StaticZone::load(zone.file, zone.name);
  const std::string usual = "zones/" + zone.name.text_without_dot() + ".zone";
  std::error_code ignored;
  if (std::filesystem::exists(usual, ignored)) return answer::StaticZone::load(usual, zone.name);
  Result<dns::ZoneFile> builtin = dns::parse_zone(answer::builtin_zone_text(), zone.name, "built-in zone");
  if (!builtin) return std::unexpected(builtin.error());
  return answer::StaticZone::build(std::move(*builtin));
}

}  // namespace

Result<std::vector<answer::Zone>> load_zones(const Settings& settings) {
  std::vector<answer::Zone> zones;
  for (const ZoneSettings& wanted : settings.zones) {
    if (answer::is_reverse(wanted.name)) {
      const Result<answer::ReverseSpace> space = answer::ReverseSpace::parse(wanted.name);
      if (!space) return failure(Errc::start_up, space.error().message);
    }
    Result<answer::StaticZone> records = read_zone(wanted);
    if (!records) return failure(Errc::start_up, records.error().message);
    zones.push_back({.id = {}, .records = std::move(*records), .policy = wanted.policy});
  }
  return zones;
}

}  // namespace rollcall::ops
