#include "registry/standing.h"

namespace rollcall::registry {

Standing standing_of(const Registration* before, Standing standing, const Registration& asked, WallTime wall_now) {
  if (before == nullptr) {
    const bool starts_critical = asked.health && asked.health->starts_critical;
    Standing fresh(starts_critical ? Status::critical : Status::ready, wall_now);
    if (starts_critical) fresh.output = "no check has passed yet";
    return fresh;
  }
  const bool gives_up_checks = before->health.has_checks() && !asked.health.has_checks();
  if (gives_up_checks && standing.is_critical) {
    if (!standing.is_draining) standing.since = wall_now;
    standing.is_critical = false;
    standing.output.clear();
  }
  return standing;
}

Standing standing_of_row(Standing standing, const Registration& registration) {
  if (registration.health.has_checks() || standing.output.empty()) return standing;
  standing.is_critical = false;
  standing.output.clear();
  return standing;
}

bool is_judged_alike(const Registration& a, const Registration& b) {
  return a.health == b.health && a.addresses == b.addresses && a.port == b.port && a.ttl == b.ttl;
}

}  // namespace rollcall::registry
