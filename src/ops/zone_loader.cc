#include "ops/zone_loader.h"

#include <filesystem>
#include <fmt/format.h>
#include <utility>

#include "answer/zone/builtin_zone.h"
#include "base/log.h"
#include "dns/zone_file.h"

namespace rollcall::ops {
namespace {

// False for a file that is there and cannot be reached, too: reading it says why.
bool is_missing(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::status(path, ignored).type() == std::filesystem::file_type::not_found;
}

Error missing_file(const ZoneSettings& zone, const std::string& path, std::string_view which) {
  const std::string name = zone.name.text_without_dot();
  return {Errc::start_up,
          fmt::format("zone {}: {} {} does not exist; create it with an SOA and an NS record, or name another with "
                      "file = \"…\" in [[zone]] or --zone {}=FILE",
                      name, which, path, name)};
}

// Error messages begin with the file's name, or with the zone's where there is no file.
Result<answer::StaticZone> read_zone(const ZoneSettings& zone) {
  const std::string path = zone.file.empty() ? default_zone_file(zone.name) : zone.file;
  if (!is_missing(path)) return answer::StaticZone::load(path, zone.name);
  if (!zone.file.empty()) return std::unexpected(missing_file(zone, path, "the file"));
  if (zone.name != default_zone(0).name) return std::unexpected(missing_file(zone, path, "its default file"));
  log::info("zone {}: {} does not exist: the copy built into the program is served", zone.name.text_without_dot(),
            path);
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
