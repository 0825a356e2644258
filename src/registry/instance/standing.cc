#include "registry/instance/standing.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/duration.h"

namespace rollcall::registry {
namespace {

using health::CheckResult;

// The check as it is defined now, with what it has said so far.
CheckResult redefined(CheckResult asked, const CheckResult& known) {
  asked.status = known.status;
  asked.since = known.since;
  asked.output = known.output;
  asked.ends_at = asked.ends_after == known.ends_after ? known.ends_at : LeaseTime::max();
  return asked;
}

}  // namespace

Standing standing_of(const Registration* before, Standing standing, const Registration& asked, WallTime wall_now) {
  if (before == nullptr) {
    Standing fresh(Status::ready, wall_now);
    if (asked.health && asked.health->starts_critical) {
      fresh.set_plan_result(true, "no check has passed yet", wall_now);
    }
    return fresh;
  }
  const bool gives_up_checks = before->health.has_checks() && !asked.health.has_checks();
  if (!gives_up_checks) return standing;
  const Status status = standing.status();
  standing.set_plan_result(false, {}, wall_now);
  if (standing.status() != status) standing.since = wall_now;
  return standing;
}

void define_checks(Standing& standing, const CheckDefinitions& asked, LeaseTime now, WallTime wall_now) {
  if (!asked.checks) return;
  const Status status = standing.status();
  health::CheckResults defined;
  for (CheckResult& known : standing.checks) {
    const CheckResult* anew = health::find_result(*asked.checks, known.id);
    if (anew != nullptr) {
      health::put_result(defined, redefined(*anew, known), now);
    } else if (asked.keeps_others || known.id == health::k_plan_check) {
      defined.push_back(std::move(known));
    }
  }
  for (const CheckResult& each : *asked.checks) {
    if (health::find_result(defined, each.id) != nullptr) continue;
    CheckResult fresh = each;
    fresh.since = wall_now;
    health::put_result(defined, std::move(fresh), now);
  }
  standing.checks = std::move(defined);
  if (standing.status() != status) standing.since = wall_now;
}

std::string lapse(Standing& standing, const Registration& registration, LeaseTime now, WallTime wall_now) {
  const CheckResult* known = health::find_result(standing.checks, registration.lease_check);
  CheckResult result = known == nullptr ? CheckResult{.id = registration.lease_check} : *known;
  result.kind = health::CheckKind::ttl;
  result.status = health::CheckStatus::critical;
  result.since = wall_now;
  result.output = fmt::format("nobody has called in for {}", format_duration(registration.ttl));
  std::string sentence = result.output;
  health::put_result(standing.checks, std::move(result), now);
  return sentence;
}

void settle_ends(Standing& standing, const Standing& before, LeaseTime now) {
  for (CheckResult& result : standing.checks) {
    result.ends_at = LeaseTime::max();
    if (result.status != health::CheckStatus::critical || result.ends_after.count() == 0) continue;
    const CheckResult* known = health::find_result(before.checks, result.id);
    const bool goes_on = known != nullptr && known->status == result.status && known->since == result.since &&
                         known->ends_after == result.ends_after && known->ends_at != LeaseTime::max();
    result.ends_at = goes_on ? known->ends_at : now + result.ends_after;
  }
}

Standing standing_of_row(Standing standing, const Registration& registration) {
  const CheckResult* result = health::find_result(standing.checks, health::k_plan_check);
  if (result == nullptr || result->output.empty() || registration.health.has_checks()) return standing;
  standing.set_plan_result(false, {}, standing.since);
  return standing;
}

bool is_judged_alike(const Registration& a, const Registration& b) {
  return a.health == b.health && a.addresses == b.addresses && a.port == b.port && a.ttl == b.ttl;
}

}  // namespace rollcall::registry
