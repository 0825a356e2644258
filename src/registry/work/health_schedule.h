// Schedules health checks: tracks the checks and probes of every instance that has a plan, starts those that are due,
// and reports changes of health to the registry.
//
// Shape    pure: no socket, no clock of its own. It learns of instances by `look_at`, of time by `advance`, of results
//          by `finish`; what it wants done it says to its Orders.
// Owner    the CheckRunner (net); borrows the registry.
// Threads  one, an rcu::Thread; the counters any.
// Order    at most `in_flight_max` runs at once; what is due beyond that waits in line, probes ahead of checks.
//          A run of a check is followed by the next one at its phase (health.h), so a late run is not made up for.
// Probes   an instance is probed when it is silent ((health/timing.h)), and its lease is alive. What passes is
//          counted, and with renew_on_probe renews the lease as a heartbeat does; without, nothing more is asked before
//          the next heartbeat. What is refused, with evict_on_refusal, asks for the end of the lease. Anything else is
//          tried again after a quarter of the heartbeat interval, until the lease ends.
// Not run  what this server could not ask (RunEnd::not_run) is no result: it is counted, and asked again at its time.
//          With renew_on_probe it renews the lease, because the silence was ours: as a restart, which gives everybody a
//          lease of grace.
// Reports  only changes: an instance is critical while any of its checks is down. A report that came to nothing (the
//          store was busy) is made again with the next result.
// Verdicts a result counts for the version of the instance that was asked (CheckedSince), and for no other: reports, ends and
//          renewals carry it, because the roll may have another version by the time they arrive.
// Named    a check with an id has a result of its own on the roll, with three values (health::NamedState), and takes no part in
//          that of the plan. One that is an alias is looked up on the roll, not run.
// Silence  a check of the type ttl is not run: the instance calls in, and what it says as before is no change of the roll
//          (check_beats.h). It is critical when its ttl has gone by since the last call, or since it is watched. A call that came
//          while that was told revives it. Not on nodes of a cluster, where one does not know what the others have heard.
// Source   docs/checks.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/histogram.h"
#include "base/timing_wheel.h"
#include "health/check_state.h"
#include "registry/registry.h"
#include "registry/work/check_beats.h"

namespace rollcall::registry {

// One run, executed by the CheckRunner. Its result is handed to `finish` under the same id, once.
struct CheckRun {
  std::uint64_t id = 0;
  health::SharedPlan plan;  // keeps `check` alive
  const health::Check* check = nullptr;
  std::vector<IpAddress> addresses;  // of the instance
  std::uint16_t port = 0;
  std::chrono::milliseconds timeout{};
};

// The version of an instance that a verdict is about.
struct Judged {
  InstanceKey key;
  CheckedSince since{};
};

// What the schedule asks for. Each call only hands over.
class HealthOrders {
 public:
  virtual ~HealthOrders() = default;
  virtual void run(CheckRun run) = 0;
  // The instance's health has changed. `HealthSchedule::reported` follows when the roll has taken it or refused to,
  // after the schedule has looked at what that made of the service.
  virtual void report(const Judged& judged, bool critical, const std::string& output) = 0;
  // The result of one check that has its own; otherwise as `report`.
  virtual void report_check(const Judged& judged, const health::CheckResult& result) = 0;
  // What an alias of a node comes to (RunEnd::passed, warned or failed); `node` as in the check's target.
  virtual health::RunResult look_at_node(ZoneId zone, std::string_view node) = 0;
  // The last call of a check that calls in.
  virtual std::optional<CheckBeats::Beat> last_beat(const InstanceKey& key, std::string_view check) = 0;
  virtual void forget_beats(const InstanceKey& key, std::string_view check) = 0;
  // The probe passed, or could not be run here, and only the shared store of a cluster can say whether the lease goes on.
  virtual void renew(const Judged& judged) = 0;
  // The probe was refused, and the instance asked for this; unless its lease goes beyond `expires_at` by then.
  virtual void evict(const Judged& judged, const std::string& output, LeaseTime expires_at) = 0;
};

struct HealthCounters {
  std::atomic<std::uint64_t> watched{0};    // instances with a plan
  std::atomic<std::uint64_t> in_flight{0};  // runs
  std::atomic<std::uint64_t> waiting{0};    // due, and in line
  std::atomic<std::uint64_t> late{0};       // runs that began more than k_check_late after their time
  std::atomic<std::uint64_t> damped{0};     // results against a check's state that did not change it
  std::atomic<std::uint64_t> turned_critical{0};
  std::atomic<std::uint64_t> turned_ready{0};
  std::atomic<std::uint64_t> renewed{0};                                           // by a probe
  std::atomic<std::uint64_t> evicted{0};                                           // for a refused one
  std::atomic<std::uint64_t> checks[health::k_check_types][health::k_run_ends]{};  // done, by CheckType and RunEnd
  std::atomic<std::uint64_t> probes[health::k_run_ends]{};                         // done, by RunEnd
  Histogram lateness_seconds{Histogram::exponential(0.001, 4, 9)};                 // 1 ms … 66 s
};

class HealthSchedule {
 public:
  // `is_ours`: of the nodes of a cluster, this one checks the instance, as long as that holds; null: it checks all.
  using IsOurs = std::function<bool(const InstanceRef&)>;
  HealthSchedule(const Registry& registry, HealthOrders& orders, std::size_t in_flight_max, LeaseTime now,
                 IsOurs is_ours = nullptr);
  ~HealthSchedule();
  HealthSchedule(const HealthSchedule&) = delete;
  HealthSchedule& operator=(const HealthSchedule&) = delete;

  // The service is as the registry shows it now. Returns whether any instance of it is watched.
  bool look_at(const ServiceKey& service, LeaseTime now);
  // Starts what is due.
  void advance(LeaseTime now);
  void finish(std::uint64_t run, health::RunResult result, LeaseTime now);
  // `check`: the id of the check that `report_check` was about; empty: `report`.
  void reported(const Judged& judged, std::string_view check = {});
  // When `advance` should be called next, or earlier.
  [[nodiscard]] std::optional<LeaseTime> next_wake();

  [[nodiscard]] const HealthCounters& counters() const { return counters_; }

 private:
  struct Watched;
  struct Task;
  // Outlives what it points to.
  struct Place {
    std::weak_ptr<Watched> watched;
    std::size_t task = 0;
  };
  using Members = std::map<std::string, std::shared_ptr<Watched>, std::less<>>;

  void watch(const Instance& instance, std::shared_ptr<Watched>& place, LeaseTime now);
  void fire(Task& task, LeaseTime now);
  void fire_probe(Task& task, LeaseTime now);
  void start_or_wait(Task& task, LeaseTime now);
  bool start(const std::shared_ptr<Watched>& watched, std::size_t task, LeaseTime now);
  void start_waiting(LeaseTime now);
  void finish_check(Watched& watched, Task& task, const health::RunResult& result, LeaseTime now);
  void finish_probe(Watched& watched, Task& task, const health::RunResult& result, LeaseTime now);
  void judge(Watched& watched);
  void judge_named(Watched& watched, Task& task);
  void tell(Watched& watched, Task& task, health::CheckStatus status, health::CheckKind kind);
  [[nodiscard]] LeaseTime silent_at(const Task& task);
  void listen(Task& task, LeaseTime now);
  void fire_silence(Task& task, LeaseTime now);
  void forget_gone(const Members& before, const Members& now);
  void set(Task& task, LeaseTime due);

  const Registry& registry_;
  HealthOrders& orders_;
  const std::size_t in_flight_max_;
  const IsOurs is_ours_;
  HealthCounters counters_;
  std::map<ServiceKey, Members> services_;
  std::unordered_map<std::uint64_t, Place> running_;
  std::deque<Place> waiting_;
  std::uint64_t last_run_ = 0;
  TimingWheel wheel_;
};

}  // namespace rollcall::registry
