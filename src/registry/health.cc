#include "registry/health.h"

#include <algorithm>

#include "base/hash.h"

namespace rollcall::registry {

using std::chrono::milliseconds;

std::string_view to_text(CheckEnd end) {
  switch (end) {
    case CheckEnd::passed: return "passed";
    case CheckEnd::failed: return "failed";
    case CheckEnd::refused: return "refused";
    case CheckEnd::timed_out: return "timed_out";
    case CheckEnd::not_run: return "not_run";
  }
  return "failed";
}

bool CheckState::record(bool passed, const Check& check) {
  if (passed == is_up_) {
    against_ = 0;
    return false;
  }
  if (++against_ < (is_up_ ? check.fall : check.rise)) return false;
  is_up_ = passed;
  against_ = 0;
  return true;
}

std::string cut_output(std::string text) {
  if (text.size() <= limits::k_check_output_bytes_max) return text;
  std::size_t size = limits::k_check_output_bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  text.resize(size);
  return text;
}

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

milliseconds phase_of(const InstanceRef& key, std::size_t check, milliseconds interval) {
  const std::uint64_t hash = stable_hash(key.id) ^ (stable_hash(key.service.name) << 1) ^ (check << 56);
  const std::uint64_t spread = detail::mix(hash + static_cast<std::uint64_t>(key.service.zone), 0x9E3779B97F4A7C15U);
  return milliseconds(static_cast<std::int64_t>(spread % static_cast<std::uint64_t>(interval.count())));
}

LeaseTime next_run(LeaseTime now, milliseconds phase, milliseconds interval) {
  const auto since = std::chrono::floor<milliseconds>(now.time_since_epoch()) - phase;
  return LeaseTime(phase + (since / interval + 1) * interval);
}

LeaseTime silent_from(LeaseTime expires_at, milliseconds ttl) {
  return expires_at - (ttl - 2 * heartbeat_interval(ttl));
}

}  // namespace rollcall::registry
