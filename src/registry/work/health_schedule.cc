#include "registry/work/health_schedule.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/hash.h"
#include "health/timing.h"
#include "registry/work/alias.h"
#include "registry/work/health_tasks.h"

namespace rollcall::registry {
namespace {

using std::chrono::milliseconds;

Tick tick_of(LeaseTime time) {
  return static_cast<Tick>(std::chrono::ceil<milliseconds>(time.time_since_epoch()).count());
}
Tick tick_before(LeaseTime time) {
  return static_cast<Tick>(std::chrono::floor<milliseconds>(time.time_since_epoch()).count());
}

// The same in every run: the phases of its checks come from it.
std::uint64_t number_of(const InstanceRef& key) {
  const std::uint64_t hash = stable_hash(key.id) ^ (stable_hash(key.service.name) << 1);
  return hash + static_cast<std::uint64_t>(key.service.zone);
}

// By the checks of the plan, which have one result together.
bool is_plan_critical(const Instance& instance) {
  for (const auto& result : instance.checks()) {
    if (result.id == health::k_plan_check) return result.status == health::CheckStatus::critical;
  }
  return false;
}

health::CheckStatus status_of(const Instance& instance, std::string_view check) {
  for (const auto& result : instance.checks()) {
    if (result.id == check) return result.status;
  }
  return health::CheckStatus::passing;
}

void add_one(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

HealthSchedule::HealthSchedule(const Registry& registry, HealthOrders& orders, std::size_t in_flight_max, LeaseTime now,
                               IsOurs is_ours)
    : registry_(registry),
      orders_(orders),
      in_flight_max_(in_flight_max),
      is_ours_(std::move(is_ours)),
      wheel_(tick_before(now)) {}

HealthSchedule::~HealthSchedule() = default;

bool HealthSchedule::look_at(const ServiceKey& key, LeaseTime now) {
  const rcu::ReadLock lock;
  const Service* service = registry_.find_service(key.ref());
  const auto before = services_.find(key);
  const std::size_t count_before = before == services_.end() ? 0 : before->second.size();
  Members members;
  if (service != nullptr) {
    for (const Instance* instance : service->instances) {
      if (!instance->health()) continue;
      const std::string id(instance->id());
      std::shared_ptr<Watched>& place = members[id];
      if (before != services_.end()) {
        if (const auto known = before->second.find(id); known != before->second.end()) place = known->second;
      }
      watch(*instance, place, now);
    }
  }
  counters_.watched.fetch_add(members.size() - count_before, std::memory_order_relaxed);
  if (before != services_.end()) forget_gone(before->second, members);
  if (members.empty()) {
    if (before != services_.end()) services_.erase(before);
    return false;
  }
  services_.insert_or_assign(key, std::move(members));
  return true;
}

// Nobody calls in for what is not on the roll.
void HealthSchedule::forget_gone(const Members& before, const Members& now) {
  for (const auto& [id, watched] : before) {
    const auto still = now.find(id);
    if (still != now.end() && still->second->plan == watched->plan) continue;
    for (const auto& task : watched->tasks) {
      if (task->calls_in()) orders_.forget_beats(watched->judged.key, task->check.id);
    }
  }
}

void HealthSchedule::watch(const Instance& instance, std::shared_ptr<Watched>& place, LeaseTime now) {
  if (place != nullptr && place->judged.since == instance.checked_since()) {
    place->is_critical = is_plan_critical(instance);
    for (const auto& task : place->tasks) {
      if (!task->has_name()) continue;
      const health::CheckStatus before = std::exchange(task->shown, status_of(instance, task->check.id));
      if (task->calls_in() && task->shown != before) listen(*task, now);
    }
    return;
  }
  place = std::make_shared<Watched>();
  Watched& watched = *place;
  Registration asked = instance.registration();
  watched.judged = {asked.key, instance.checked_since()};
  watched.plan = asked.health;
  watched.addresses = asked.addresses;
  watched.port = asked.port;
  watched.ttl = asked.ttl;
  watched.is_critical = is_plan_critical(instance);
  for (const health::Check& check : watched.plan->checks) {
    const std::size_t number = watched.tasks.size();
    Task& task = *watched.tasks.emplace_back(std::make_unique<Task>(watched, number, check, !watched.is_critical));
    if (task.calls_in()) {
      task.shown = status_of(instance, check.id);
      task.begun = now;
      listen(task, now);
      continue;
    }
    task.phase = health::phase_of(number_of(asked.key.ref()), number, check.interval);
    // Someone waits for the first pass of what is critical: its checks run once ahead of their phase.
    const LeaseTime regular = health::next_run(now, task.phase, check.interval);
    bool is_waited_for = watched.is_critical;
    if (task.has_name()) {
      task.shown = status_of(instance, check.id);
      task.named = health::NamedState(task.shown);
      is_waited_for = task.shown != health::CheckStatus::passing;
    }
    set(task, is_waited_for ? std::min(regular, now + task.phase % limits::k_check_early) : regular);
  }
  // A probe stands in for heartbeats: without a lease there are none.
  if (watched.plan->probe && watched.ttl > milliseconds::zero()) {
    Task& task =
        *watched.tasks.emplace_back(std::make_unique<Task>(watched, watched.tasks.size(), *watched.plan->probe, true));
    set(task, health::silent_from(instance.lease.expires_at(), watched.ttl));
  }
}

void HealthSchedule::set(Task& task, LeaseTime due) {
  task.due = due;
  wheel_.set(task, tick_of(due));
}

void HealthSchedule::advance(LeaseTime now) {
  // Fired outside the wheel's own walk: what starts may be set again for this very tick.
  std::vector<Task*> due;
  wheel_.advance(tick_before(now), [&](TimingWheel::Timer& timer) { due.push_back(&static_cast<Task&>(timer)); });
  for (Task* task : due) fire(*task, now);
  start_waiting(now);
}

void HealthSchedule::fire(Task& task, LeaseTime now) {
  if (task.calls_in()) return fire_silence(task, now);
  if (is_ours_ && !is_ours_(task.owner.judged.key.ref())) {
    // Another node checks it. Should it become ours, the count begins with what the roll says.
    task.state = health::CheckState(!task.owner.is_critical);
    task.named = health::NamedState(task.shown);
    const bool is_probe = task.owner.is_probe(task);
    return set(task, is_probe ? now + health::heartbeat_interval(task.owner.ttl)
                              : health::next_run(now, task.phase, task.check.interval));
  }
  if (task.owner.is_probe(task)) {
    fire_probe(task, now);
  } else {
    start_or_wait(task, now);
  }
}

// The heartbeats that have come since the timer was set have moved the deadline.
void HealthSchedule::fire_probe(Task& task, LeaseTime now) {
  const rcu::ReadLock lock;
  const Instance* instance = registry_.find_instance(task.owner.judged.key.ref());
  if (instance == nullptr || !instance->lease.is_alive(now)) return;
  const LeaseTime silent = health::silent_from(instance->lease.expires_at(), task.owner.ttl);
  if (now < silent) {
    set(task, silent);
  } else {
    start_or_wait(task, now);
  }
}

void HealthSchedule::start_or_wait(Task& task, LeaseTime now) {
  const ZoneId zone = task.owner.judged.key.service.zone;
  if (task.check.type == health::CheckType::alias) {
    return finish_check(task.owner, task, look_at_alias(registry_, zone, task.check, now), now);
  }
  if (task.check.type == health::CheckType::alias_node) {
    return finish_check(task.owner, task, orders_.look_at_node(zone, task.check.target), now);
  }
  if (running_.size() < in_flight_max_) {
    start(task.owner.shared_from_this(), task.place, now);
    return;
  }
  Place place{task.owner.weak_from_this(), task.place};
  if (task.owner.is_probe(task)) {
    waiting_.push_front(std::move(place));
  } else {
    waiting_.push_back(std::move(place));
  }
  counters_.waiting.store(waiting_.size(), std::memory_order_relaxed);
}

void HealthSchedule::start_waiting(LeaseTime now) {
  while (!waiting_.empty() && running_.size() < in_flight_max_) {
    const Place next = std::move(waiting_.front());
    waiting_.pop_front();
    if (const std::shared_ptr<Watched> watched = next.watched.lock()) start(watched, next.task, now);
  }
  counters_.waiting.store(waiting_.size(), std::memory_order_relaxed);
}

bool HealthSchedule::start(const std::shared_ptr<Watched>& watched, std::size_t place, LeaseTime now) {
  Task& task = *watched->tasks[place];
  std::chrono::nanoseconds left{};  // negative: the lease is past, and its end is decided elsewhere
  {
    const rcu::ReadLock lock;
    const Instance* instance = registry_.find_instance(watched->judged.key.ref());
    // Only who is on the roll is asked; it is about to leave, and its tasks with it.
    if (instance == nullptr || !instance->is_there(now)) return false;
    left = instance->lease.expires_at() - now;
  }
  const std::chrono::nanoseconds late = std::max(std::chrono::nanoseconds::zero(), now - task.due);
  counters_.lateness_seconds.record(std::chrono::duration<double>(late).count());
  if (late > limits::k_check_late) add_one(counters_.late);
  milliseconds timeout = task.check.timeout;
  if (watched->is_probe(task) && left > std::chrono::nanoseconds::zero())
    timeout = std::min(timeout, std::chrono::ceil<milliseconds>(left));
  const std::uint64_t id = ++last_run_;
  running_.emplace(id, Place{watched, place});
  counters_.in_flight.store(running_.size(), std::memory_order_relaxed);
  orders_.run({.id = id,
               .plan = watched->plan,
               .check = &task.check,
               .addresses = watched->addresses,
               .port = watched->port,
               .timeout = timeout});
  return true;
}

void HealthSchedule::finish(std::uint64_t run, health::RunResult result, LeaseTime now) {
  const auto at = running_.find(run);
  if (at == running_.end()) return;
  const Place place = std::move(at->second);
  running_.erase(at);
  counters_.in_flight.store(running_.size(), std::memory_order_relaxed);
  result.output = health::cut_output(std::move(result.output));
  if (const std::shared_ptr<Watched> watched = place.watched.lock()) {
    Task& task = *watched->tasks[place.task];
    if (watched->is_probe(task)) {
      finish_probe(*watched, task, result, now);
    } else {
      finish_check(*watched, task, result, now);
    }
  }
  start_waiting(now);
}

void HealthSchedule::finish_check(Watched& watched, Task& task, const health::RunResult& result, LeaseTime now) {
  add_one(counters_.checks[static_cast<std::size_t>(task.check.type)][static_cast<std::size_t>(result.end)]);
  if (task.has_name()) {
    if (task.named.record(result.end, task.check) || task.output.empty()) task.output = result.output;
    set(task, health::next_run(now, task.phase, task.check.interval));
    return judge_named(watched, task);
  }
  if (result.end != health::RunEnd::not_run) {
    const bool passed = result.end == health::RunEnd::passed;
    task.state.record(passed, task.check);
    if (task.state.is_wavering()) add_one(counters_.damped);
    if (!passed || task.state.is_up()) task.output = passed ? std::string() : result.output;
  }
  set(task, health::next_run(now, task.phase, task.check.interval));
  judge(watched);
}

void HealthSchedule::judge(Watched& watched) {
  const Task* down = watched.find_down();
  const bool critical = down != nullptr;
  if (critical == watched.is_critical || watched.is_reported) return;
  watched.is_reported = true;
  watched.reported_critical = critical;
  add_one(critical ? counters_.turned_critical : counters_.turned_ready);
  orders_.report(watched.judged, critical, critical ? down->output : std::string());
}

void HealthSchedule::finish_probe(Watched& watched, Task& task, const health::RunResult& result, LeaseTime now) {
  add_one(counters_.probes[static_cast<std::size_t>(result.end)]);
  LeaseTime expires_at = now;
  {
    const rcu::ReadLock lock;
    const Instance* instance = registry_.find_instance(watched.judged.key.ref());
    if (instance == nullptr || instance->checked_since() != watched.judged.since) return;
    expires_at = instance->lease.expires_at();
  }
  const milliseconds pause = std::max(health::heartbeat_interval(watched.ttl) / 4, limits::k_probe_retry_min);
  const bool is_excused = result.end == health::RunEnd::not_run && watched.plan->renew_on_probe;
  if (result.end != health::RunEnd::passed && !is_excused) {
    if (result.end == health::RunEnd::refused && watched.plan->evict_on_refusal &&
        now >= health::silent_from(expires_at, watched.ttl)) {
      add_one(counters_.evicted);
      orders_.evict(watched.judged, result.output, expires_at);
    }
    set(task, now + pause);
    return;
  }
  if (!watched.plan->renew_on_probe) {
    // The timer finds the lease over, or moved by a heartbeat; or past, where its end is decided elsewhere.
    set(task, expires_at > now ? expires_at : now + pause);
    return;
  }
  const Result<Renewed> renewed = registry_.renew(watched.judged.key.ref(), now, watched.judged.since);
  if (!renewed) {
    const bool is_undecided = renewed.error().code == Errc::put_first;
    if (is_undecided) orders_.renew(watched.judged);
    if (is_undecided || renewed.error().code == Errc::not_in_charge) set(task, now + pause);
    return;
  }
  if (!is_excused) add_one(counters_.renewed);
  set(task, health::silent_from(renewed->expires_at, watched.ttl));
}

void HealthSchedule::reported(const Judged& judged, std::string_view check) {
  const auto service = services_.find(judged.key.service);
  if (service == services_.end()) return;
  const auto member = service->second.find(judged.key.id);
  if (member == service->second.end() || member->second->judged.since != judged.since) return;
  Watched& watched = *member->second;
  if (!check.empty()) {
    for (const auto& task : watched.tasks) {
      if (task->check.id != check) continue;
      task->is_reported = false;
      if (task->calls_in()) continue;  // looks again by itself
      if (task->named.status() != task->reported) judge_named(watched, *task);
    }
    return;
  }
  watched.is_reported = false;
  // What has changed meanwhile could not be told. A report that came to nothing waits for the next result instead.
  if ((watched.find_down() != nullptr) != watched.reported_critical) judge(watched);
}

std::optional<LeaseTime> HealthSchedule::next_wake() {
  const std::optional<Tick> tick = wheel_.next_wake();
  if (!tick) return std::nullopt;
  return LeaseTime(milliseconds(static_cast<std::int64_t>(*tick)));
}

}  // namespace rollcall::registry
