// What the schedule of health checks keeps of an instance and of each of its checks. Included by its two files alone.
//
// Owner    HealthSchedule.
// Threads  the schedule's.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "registry/work/health_schedule.h"

namespace rollcall::registry {

// A check of an instance, or its probe.
struct HealthSchedule::Task : TimingWheel::Timer {
  Task(Watched& its_owner, std::size_t its_place, const health::Check& its_check, bool is_up)
      : owner(its_owner), place(its_place), check(its_check), state(is_up) {}

  Watched& owner;
  const std::size_t place;
  const health::Check& check;  // of the owner's plan
  health::CheckState state;
  // Of a check with a result of its own; `shown` as published.
  health::NamedState named{health::CheckStatus::critical};
  health::CheckStatus shown = health::CheckStatus::critical;
  bool is_reported = false;  // a report is under way, which says this
  health::CheckStatus reported = health::CheckStatus::critical;
  std::chrono::milliseconds phase{};
  LeaseTime due{};
  // Of a check that calls in:
  LeaseTime begun{};                                // since when it could have
  bool is_silent = false;                           // critical, because nothing was heard in time
  std::optional<CheckBeats::Beat> heard_last = {};  // when that was found
  std::string output{};                             // of the last run, while the check is down

  [[nodiscard]] bool has_name() const { return !check.id.empty(); }
  [[nodiscard]] bool calls_in() const { return check.type == health::CheckType::ttl; }
};

struct HealthSchedule::Watched : std::enable_shared_from_this<Watched> {
  Judged judged;
  health::SharedPlan plan;
  std::vector<IpAddress> addresses;
  std::uint16_t port = 0;
  std::chrono::milliseconds ttl{};
  bool is_critical = false;                  // as published
  bool is_reported = false;                  // a report is under way,
  bool reported_critical = false;            // which says this
  std::vector<std::unique_ptr<Task>> tasks;  // the checks, then the probe

  [[nodiscard]] bool is_probe(const Task& task) const { return task.place == plan->checks.size(); }
  // The first check that is down; null: none is.
  [[nodiscard]] const Task* find_down() const {
    const auto checks = std::span(tasks).first(plan->checks.size());
    const auto down =
        std::ranges::find_if(checks, [](const auto& task) { return !task->has_name() && !task->state.is_up(); });
    return down == checks.end() ? nullptr : down->get();
  }
};

}  // namespace rollcall::registry
