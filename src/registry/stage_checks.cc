// What named checks say: how that is staged.
#include <fmt/format.h>
#include <utility>

#include "base/limits.h"
#include "registry/stage.h"

namespace rollcall::registry {
namespace {

Outcome unknown_check(const InstanceKey& key, const std::string& id) {
  return failure(Errc::unknown_instance, fmt::format("the instance \"{}\" has no check \"{}\"", key.id, id), "check");
}

// Beside that of the plan.
std::size_t count_named(const health::CheckResults& results) {
  return results.size() - (health::find_result(results, health::k_plan_check) == nullptr ? 0 : 1);
}

// What is asked of a check that is known: its definition stays, unless it is given anew.
health::CheckResult result_of(const SetCheck& change, const health::CheckResult* known) {
  health::CheckResult result = change.result;
  if (known == nullptr || change.adds) return result;
  result.name = known->name;
  result.kind = known->kind;
  result.ends_after = known->ends_after;
  return result;
}

bool is_defined_alike(const health::CheckResult& a, const health::CheckResult& b) {
  return a.name == b.name && a.kind == b.kind && a.ends_after == b.ends_after;
}

}  // namespace

Outcome Stage::add(const SetCheck& change, Context& context) {
  const Before before = find(change.key.ref());
  context.needs_record = false;
  if (!before.registration.has_value()) return unknown(change.key);
  if (change.judged && before.checked_since != *change.judged) return keep_as_it_is(change.key, before, context);
  const health::CheckResult* known = health::find_result(before.standing.checks, change.result.id);
  if (known == nullptr && !change.adds) return unknown_check(change.key, change.result.id);
  if (known == nullptr && count_named(before.standing.checks) >= limits::k_named_checks_max) {
    return failure(Errc::invalid, fmt::format("an instance has at most {} checks", limits::k_named_checks_max),
                   "check");
  }
  health::CheckResult result = result_of(change, known);
  result.since = context.wall_now;
  const bool is_known_so = known != nullptr && known->status == result.status && is_defined_alike(*known, result);
  const bool calls_in = before.registration->lease == LeaseKind::turns_critical &&
                        before.registration->lease_check == result.id && result.status != health::CheckStatus::critical;
  const bool is_elsewhere = before.published != nullptr && before.lease_holder == LeaseHolder::elsewhere;
  context.renews_lease = calls_in;
  if (calls_in && is_known_so && is_elsewhere) {
    context.needs_record = true;
    return put_again(before, context);
  }
  const bool goes_on =
      !calls_in || before.renews_lease || (before.published != nullptr && before.published->renew(context.now));
  if (is_known_so && goes_on) {
    return Applied{.status = before.standing.status(),
                   .label = label_of(change.key.id),
                   .index = before.index,
                   .expires_at = before.published == nullptr ? LeaseTime{} : before.published->lease.expires_at()};
  }
  context.needs_record = true;
  const Cause cause = result.status == health::CheckStatus::critical ? Cause::check_failed : Cause::check_passed;
  Standing standing = before.standing;
  health::put_result(standing.checks, std::move(result), context.now);
  Outcome outcome = put_standing(change.key, before, std::move(standing), cause, context);
  if (calls_in) renew_staged(change.key);
  return outcome;
}

Outcome Stage::add(const RemoveCheck& change, Context& context) {
  const Before before = find(change.key.ref());
  context.needs_record = false;
  if (!before.registration.has_value()) return unknown(change.key);
  if (health::find_result(before.standing.checks, change.id) == nullptr) return unknown_check(change.key, change.id);
  context.needs_record = true;
  Standing standing = before.standing;
  health::remove_result(standing.checks, change.id);
  return put_standing(change.key, before, std::move(standing), Cause::check_passed, context);
}

// Its lease begins anew when all is durable.
void Stage::renew_staged(const InstanceKey& key) {
  const auto edit = edits_.find(key.service);
  if (edit == edits_.end()) return;
  const auto staged = edit->second.instances.find(key.id);
  if (staged != edit->second.instances.end() && staged->second) staged->second->renews_lease = true;
}

}  // namespace rollcall::registry
