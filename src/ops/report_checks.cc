#include <array>

#include "base/rcu.h"
#include "health/check_state.h"
#include "ops/report.h"

namespace rollcall::ops {
namespace {

using health::CheckType;
using health::RunEnd;

constexpr std::array k_types{CheckType::tcp, CheckType::http, CheckType::dns};
constexpr std::array k_ends{RunEnd::passed, RunEnd::failed, RunEnd::refused, RunEnd::timed_out, RunEnd::not_run};
static_assert(k_ends.size() == health::k_run_ends);

double read(const std::atomic<std::uint64_t>& count) {
  return static_cast<double>(count.load(std::memory_order_relaxed));
}

}  // namespace

void Report::put_checks(MetricsPage& page) const {
  const registry::HealthCounters& checks = *sources_->checks;
  page.gauge("rollcall_checked_instances", "Instances with health checks or a probe.", read(checks.watched));
  page.gauge("rollcall_checks_in_flight", "Health checks and probes under way.", read(checks.in_flight));
  page.gauge("rollcall_checks_waiting", "Health checks and probes that are due, and wait for others to end.",
             read(checks.waiting));
  std::vector<Sample> runs;
  std::vector<Sample> probes;
  for (const RunEnd end : k_ends) {
    const std::string result(to_text(end));
    for (const CheckType type : k_types) {
      const auto& count = checks.checks[static_cast<std::size_t>(type)][static_cast<std::size_t>(end)];
      runs.push_back({.labels = {{"type", std::string(to_text(type))}, {"result", result}}, .value = read(count)});
    }
    probes.push_back({.labels = {{"result", result}}, .value = read(checks.probes[static_cast<std::size_t>(end)])});
  }
  page.counter("rollcall_checks_total", "Health checks that have run, by type and result.", runs);
  page.counter("rollcall_probes_total", "Probes of instances whose heartbeat was overdue, by result.", probes);
  page.counter("rollcall_probe_renewals_total", "Leases renewed because a probe passed.", read(checks.renewed));
  page.counter("rollcall_probe_evictions_total", "Leases ended because a probe was refused.", read(checks.evicted));
  page.counter("rollcall_checks_late_total", "Health checks and probes that began more than a second after their time.",
               read(checks.late));
  page.counter("rollcall_checks_damped_total", "Results that spoke against a state and did not change it (rise, fall).",
               read(checks.damped));
  page.counter("rollcall_health_changes_total", "Changes of health that checks have found, by what they led to.",
               {{.labels = {{"to", "critical"}}, .value = read(checks.turned_critical)},
                {.labels = {{"to", "ready"}}, .value = read(checks.turned_ready)}});
  if (sources_->roster != nullptr) {
    const rcu::ReadLock lock;
    page.gauge("rollcall_protected_services", "Services that answer critical instances too, because too few are ready.",
               static_cast<double>(sources_->roster->count_protected(sources_->clock.now())));
  }
  page.histogram("rollcall_check_lateness_seconds", "How long after its time a health check or a probe began.",
                 checks.lateness_seconds.snapshot());
}

}  // namespace rollcall::ops
