// Checks with a result of their own: what the roll is told of each, and those that call in.
#include <utility>

#include "registry/work/health_tasks.h"

namespace rollcall::registry {
namespace {

constexpr std::chrono::milliseconds k_told_again{100};  // where a report came to nothing

}  // namespace

void HealthSchedule::judge_named(Watched& watched, Task& task) {
  tell(watched, task, task.named.status(), health::CheckKind::run);
}

void HealthSchedule::tell(Watched& watched, Task& task, health::CheckStatus status, health::CheckKind kind) {
  if (status == task.shown || task.is_reported) return;
  task.is_reported = true;
  task.reported = status;
  const bool is_critical = status == health::CheckStatus::critical;
  if (is_critical || task.shown == health::CheckStatus::critical) {
    (is_critical ? counters_.turned_critical : counters_.turned_ready).fetch_add(1, std::memory_order_relaxed);
  }
  health::CheckResult result;
  result.id = task.check.id;
  result.kind = kind;
  result.status = status;
  result.output = task.output;
  orders_.report_check(watched.judged, result);
}

// When the check is critical by silence, as far as is known now.
LeaseTime HealthSchedule::silent_at(const Task& task) {
  const std::optional<CheckBeats::Beat> beat = orders_.last_beat(task.owner.judged.key, task.check.id);
  return std::max(task.begun, beat ? beat->at : task.begun) + task.check.interval;
}

// The check is watched from now on, or the roll shows another status of it.
void HealthSchedule::listen(Task& task, LeaseTime now) {
  if (is_ours_) return;  // what the other nodes of a cluster have heard is not known here
  if (task.shown == health::CheckStatus::critical) {
    if (task.is_silent) set(task, now);  // it may have called while that was told
    return;
  }
  task.is_silent = false;
  if (!orders_.last_beat(task.owner.judged.key, task.check.id)) task.begun = now;
  set(task, std::max(now, silent_at(task)));
}

void HealthSchedule::fire_silence(Task& task, LeaseTime now) {
  const std::optional<CheckBeats::Beat> beat = orders_.last_beat(task.owner.judged.key, task.check.id);
  if (task.shown == health::CheckStatus::critical) {
    if (!task.is_silent || !beat || beat == task.heard_last) return;
    task.output.clear();
    tell(task.owner, task, beat->status, health::CheckKind::ttl);
    return set(task, now + k_told_again);
  }
  const LeaseTime end = silent_at(task);
  if (now < end) return set(task, end);
  task.is_silent = true;
  task.heard_last = beat;
  task.output = "TTL expired";
  tell(task.owner, task, health::CheckStatus::critical, health::CheckKind::ttl);
  set(task, now + k_told_again);
}

}  // namespace rollcall::registry
