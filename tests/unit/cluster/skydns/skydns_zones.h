// Two zones of a directory, one within the other.
#pragma once

#include <string>

#include "base/ascii_case.h"
#include "registry/ports/ports.h"

namespace rollcall::cluster::testing {

class SkyZones final : public registry::ZoneDirectory {
 public:
  [[nodiscard]] std::optional<registry::ZoneId> find(std::string_view name) const override {
    if (equal_but_for_case(name, "svc.internal")) return registry::ZoneId{0};
    if (equal_but_for_case(name, "deep.svc.internal")) return registry::ZoneId{1};
    return std::nullopt;
  }
  [[nodiscard]] std::string name_of(registry::ZoneId zone) const override {
    return zone == registry::ZoneId{0} ? "svc.internal" : "deep.svc.internal";
  }
  [[nodiscard]] std::size_t apex_bytes_of(registry::ZoneId zone) const override { return name_of(zone).size() + 2; }
  [[nodiscard]] std::optional<registry::TakenName> find_taken(const registry::ServiceRef& service) const override {
    if (service.name != "taken") return std::nullopt;
    return registry::TakenName{.by = registry::TakenName::By::zone_file, .name = "taken.svc.internal"};
  }
};

}  // namespace rollcall::cluster::testing
