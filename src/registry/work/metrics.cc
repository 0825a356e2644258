#include "registry/work/metrics.h"

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "health/check_state.h"
#include "registry/events/event.h"

namespace rollcall::registry {
namespace {

using health::CheckType;
using health::RunEnd;

constexpr std::array k_types{CheckType::tcp,   CheckType::http, CheckType::dns,    CheckType::udp,
                             CheckType::alias, CheckType::grpc, CheckType::h2ping, CheckType::alias_node};
static_assert(k_types.size() + 1 == health::k_check_types);  // a ttl is not run
constexpr std::array k_ends{RunEnd::passed,    RunEnd::failed,  RunEnd::refused,
                            RunEnd::timed_out, RunEnd::not_run, RunEnd::warned};
static_assert(k_ends.size() == health::k_run_ends);

void put_writer_metrics(MetricsSink& sink, const WriterStats& stats) {
  sink.counter("rollcall_registrations_total", "Registrations made durable, by what they did.",
               {{.labels = {{"kind", "new"}}, .value = metric_of(stats.registered)},
                {.labels = {{"kind", "update"}}, .value = metric_of(stats.updated)}});
  sink.counter("rollcall_deregistrations_total", "Deregistrations made durable.", metric_of(stats.deregistered));
  sink.counter("rollcall_store_refused_total", "Changes refused because the store could not write.",
               metric_of(stats.failed_changes));
  sink.gauge("rollcall_store_works", "Whether the last write of the store succeeded.",
             stats.store_works.load(std::memory_order_relaxed) ? 1 : 0);
  sink.histogram("rollcall_commit_seconds", "Time of one commit, from staging to visible.",
                 stats.commit_seconds.snapshot());
  sink.histogram("rollcall_commit_changes", "Changes in one commit.", stats.batch_changes.snapshot());
}

}  // namespace

void put_metrics(MetricsSink& sink, const Registry& registry, const LeaseClock& clock, const Writer& writer) {
  const Counts counts = registry.counts();
  sink.gauge("rollcall_services", "Services on the roll, those lately emptied included.", metric_of(counts.services));
  sink.gauge("rollcall_instances", "Instances on the roll.", metric_of(counts.instances));
  sink.gauge("rollcall_index", "Index of the last change of the roll.", metric_of(counts.index));
  sink.counter("rollcall_expiries_total", "Leases that ended without a heartbeat.", metric_of(counts.expired));
  sink.counter("rollcall_expiries_put_off_total", "Ends of leases put off because too many would have come at once.",
               metric_of(counts.put_off));
  sink.gauge("rollcall_mass_silence", "Whether the ends of leases are put off now.", counts.is_mass_silence ? 1 : 0);
  sink.counter("rollcall_pauses_seconds_total", "Pauses of the server itself, given back to every lease.",
               std::chrono::duration<double>(clock.given_back()).count());
  put_writer_metrics(sink, writer.stats());
}

void put_metrics(MetricsSink& sink, const HealthCounters& checks) {
  sink.gauge("rollcall_checked_instances", "Instances with health checks or a probe.", metric_of(checks.watched));
  sink.gauge("rollcall_checks_in_flight", "Health checks and probes under way.", metric_of(checks.in_flight));
  sink.gauge("rollcall_checks_waiting", "Health checks and probes that are due, and wait for others to end.",
             metric_of(checks.waiting));
  std::vector<Sample> runs;
  std::vector<Sample> probes;
  for (const RunEnd end : k_ends) {
    const std::string result(to_text(end));
    for (const CheckType type : k_types) {
      const auto& count = checks.checks[static_cast<std::size_t>(type)][static_cast<std::size_t>(end)];
      runs.push_back({.labels = {{"type", std::string(to_text(type))}, {"result", result}}, .value = metric_of(count)});
    }
    probes.push_back(
        {.labels = {{"result", result}}, .value = metric_of(checks.probes[static_cast<std::size_t>(end)])});
  }
  sink.counter("rollcall_checks_total", "Health checks that have run, by type and result.", runs);
  sink.counter("rollcall_probes_total", "Probes of instances whose heartbeat was overdue, by result.", probes);
  sink.counter("rollcall_probe_renewals_total", "Leases renewed because a probe passed.", metric_of(checks.renewed));
  sink.counter("rollcall_probe_evictions_total", "Leases ended because a probe was refused.",
               metric_of(checks.evicted));
  sink.counter("rollcall_checks_late_total", "Health checks and probes that began more than a second after their time.",
               metric_of(checks.late));
  sink.counter("rollcall_checks_damped_total", "Results that spoke against a state and did not change it (rise, fall).",
               metric_of(checks.damped));
  sink.counter("rollcall_health_changes_total", "Changes of health that checks have found, by what they led to.",
               {{.labels = {{"to", "critical"}}, .value = metric_of(checks.turned_critical)},
                {.labels = {{"to", "ready"}}, .value = metric_of(checks.turned_ready)}});
  sink.histogram("rollcall_check_lateness_seconds", "How long after its time a health check or a probe began.",
                 checks.lateness_seconds.snapshot());
}

void put_metrics(MetricsSink& sink, const Feed& feed, const History& history) {
  std::vector<Sample> events;
  for (std::size_t kind = 0; kind < k_event_kinds; ++kind) {
    const auto told = static_cast<EventKind>(kind);
    events.push_back({.labels = {{"event", std::string(to_text(told))}}, .value = metric_of(feed.told(told))});
  }
  sink.counter("rollcall_events_total", "Changes of instances since the start, by what became of them.", events);
  sink.gauge("rollcall_history_events", "Events stored, as of the last look, seconds ago.", metric_of(history.size()));
}

}  // namespace rollcall::registry
