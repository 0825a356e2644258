#include "ops/report.h"

#include <functional>
#include <utility>

#include "base/rcu.h"
#include "json/writer.h"
#include "ops/explain_json.h"
#include "ops/version.h"

namespace rollcall::ops {
namespace {

double as_double(std::uint64_t count) { return static_cast<double>(count); }
double as_seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

double sum(const auto& sources,
           const std::function<std::uint64_t(const std::remove_cvref_t<decltype(*sources.front())>&)>& read) {
  std::uint64_t total = 0;
  for (const auto* source : sources) total += read(*source);
  return as_double(total);
}

void write_strings(json::Writer& json, std::span<const std::string> strings) {
  json.open_array();
  for (const std::string& text : strings) json.value(text);
  json.close_array();
}

}  // namespace

void Report::show(Sources sources) { sources_.emplace(std::move(sources)); }

void Report::set_lease_bounds(registry::LeaseBounds bounds) {
  bounds_.with([&](registry::LeaseBounds& current) { current = bounds; });
}

registry::LeaseBounds Report::lease_bounds() const {
  return bounds_.with([](const registry::LeaseBounds& current) { return current; });
}

std::string Report::unready_reason() const {
  if (sources_->writer.stats().store_works.load(std::memory_order_relaxed)) return {};
  return "the store cannot write: registrations are refused, the DNS goes on answering";
}

api::native::Explanation Report::explain(const dns::Name& name, dns::Type type) const {
  const auto wall_now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  answer::Explained explained = sources_->explainer.explain(name, type, sources_->clock.now(), wall_now);
  return {describe(explained), std::move(explained.services), std::move(explained.zones)};
}

// Who may not read everything is told of what it may read, and counts that.
registry::Counts Report::counts_for(const api::Grant& reader) const {
  registry::Counts counts = sources_->registry.counts();
  if (reader.covers(std::nullopt, std::nullopt)) return counts;
  counts.services = counts.instances = 0;
  const rcu::ReadLock lock;
  sources_->registry.for_each_service([&](const registry::Service& service) {
    if (!reader.covers(service.service.ref())) return;
    ++counts.services;
    counts.instances += service.instances.size();
  });
  return counts;
}

std::string Report::status_json(const api::Grant& reader) const {
  const Sources& from = *sources_;
  const registry::Counts counts = counts_for(reader);
  const bool reads_all = reader.covers(std::nullopt, std::nullopt);
  const auto uptime = std::chrono::steady_clock::now() - started_;
  json::Writer json;
  json.open_object();
  json.member("version", k_version);
  json.member("uptime_ms", std::chrono::duration_cast<std::chrono::milliseconds>(uptime).count());
  json.name("ready").raw(unready_reason().empty() ? "true" : "false");
  json.member("index", counts.index).member("services", counts.services).member("instances", counts.instances);
  json.member("expired", counts.expired);
  json.name("mass_silence").raw(counts.is_mass_silence ? "true" : "false");
  json.member("paused_ms", std::chrono::duration_cast<std::chrono::milliseconds>(from.clock.given_back()).count());
  json.name("zones").open_array();
  {
    const rcu::ReadLock lock;
    for (const answer::Zone& zone : from.zones.table().zones()) {
      if (!reader.covers(zone.id)) continue;
      json.open_object();
      json.member("name", zone.records.apex().text_without_dot());
      json.member("serial", from.zones.serial(zone.id));
      json.member("static_names", zone.records.node_count());
      json.close_object();
    }
  }
  json.close_array();
  const auto gauge = [&](std::atomic<std::uint64_t> api::Counters::* counter) {
    return static_cast<std::uint64_t>(sum(
        from.http_loops, [&](const api::Counters& loop) { return (loop.*counter).load(std::memory_order_relaxed); }));
  };
  json.name("events").open_object();
  json.member("last", from.feed.last()).member("stored", from.history.size());
  json.member("watching", gauge(&api::Counters::watching)).member("waiting", gauge(&api::Counters::waiting));
  json.close_object();
  json.name("listeners").open_object();
  json.name("dns");
  write_strings(json, from.dns_listeners);
  json.name("http");
  write_strings(json, from.http_listeners);
  json.name("dns_tls");
  write_strings(json, from.dns_tls_listeners);
  json.name("https");
  write_strings(json, from.https_listeners);
  json.close_object();
  json.name("ignored_rows");
  const bool shows_rows = reads_all && from.ignored_rows;
  write_strings(json, shows_rows ? from.ignored_rows().sentences : std::vector<std::string>());
  json.close_object();
  return json.take();
}

std::string Report::metrics_text() const {
  MetricsPage page;
  page.gauge("rollcall_build_info", "Always 1; the label says which version runs.",
             {{.labels = {{"version", std::string(k_version)}}, .value = 1}});
  page.gauge("rollcall_uptime_seconds", "Seconds since the start.",
             as_seconds(std::chrono::steady_clock::now() - started_));
  put_dns(page);
  put_http(page);
  put_roll(page);
  put_writer(page);
  if (sources_->checks != nullptr) put_checks(page);
  put_events(page);
  return page.text();
}

void Report::put_dns(MetricsPage& page) const {
  using answer::Counters;
  const auto& workers = sources_->dns_workers;
  std::vector<Sample> answers;
  for (std::size_t type = 0; type < Counters::k_types.size(); ++type) {
    for (std::size_t rcode = 0; rcode < Counters::k_rcodes.size(); ++rcode) {
      const double total = sum(workers, [&](const Counters& worker) { return worker.answers(type, rcode); });
      if (total == 0) continue;
      answers.push_back({.labels = {{"type", std::string(Counters::k_types[type])},
                                    {"rcode", std::string(Counters::k_rcodes[rcode])}},
                         .value = total});
    }
  }
  page.counter("rollcall_dns_queries_total", "DNS queries answered, by query type and response code.", answers);
  page.counter("rollcall_dns_truncated_total", "DNS answers that carried TC.",
               sum(workers, [](const Counters& worker) { return worker.truncated(); }));
  page.counter("rollcall_dns_dropped_total", "Datagrams and messages that are no query and got no answer.",
               sum(workers, [](const Counters& worker) { return worker.silences(); }));
  std::vector<Sample> limited;
  for (std::size_t action = 0; action < Counters::k_limited.size(); ++action) {
    limited.push_back({.labels = {{"action", std::string(Counters::k_limited[action])}},
                       .value = sum(workers, [&](const Counters& worker) { return worker.limited(action); })});
  }
  page.counter("rollcall_dns_rate_limited_total", "DNS answers over UDP beyond the rate limit, by what became of them.",
               limited);
  std::vector<Sample> unproven;
  for (std::size_t action = 0; action < Counters::k_unproven.size(); ++action) {
    unproven.push_back({.labels = {{"action", std::string(Counters::k_unproven[action])}},
                        .value = sum(workers, [&](const Counters& worker) { return worker.unproven(action); })});
  }
  page.counter("rollcall_dns_cookies_required_total",
               "DNS queries over UDP that are to come again with a cookie or over TCP, by what was said.", unproven);
  page.gauge("rollcall_dns_transfers", "Zone transfers under way, of those that take more than one message.",
             as_double(sources_->transfers.under_way()));
  page.counter("rollcall_dns_transfers_put_off_total", "Zone transfers answered SERVFAIL: too many were under way.",
               as_double(sources_->transfers.put_off()));
  page.counter("rollcall_dns_response_bytes_total", "Octets of DNS answers.",
               sum(workers, [](const Counters& worker) { return worker.bytes(); }));
}

void Report::put_http(MetricsPage& page) const {
  const auto& loops = sources_->http_loops;
  const auto total = [&](std::atomic<std::uint64_t> api::Counters::* counter) {
    return sum(loops, [&](const api::Counters& loop) { return (loop.*counter).load(std::memory_order_relaxed); });
  };
  page.counter("rollcall_http_requests_total", "HTTP requests.", total(&api::Counters::requests));
  page.counter("rollcall_http_errors_total", "HTTP requests answered with an error, by class.",
               {{.labels = {{"class", "4xx"}}, .value = total(&api::Counters::client_errors)},
                {.labels = {{"class", "5xx"}}, .value = total(&api::Counters::server_errors)}});
  page.counter("rollcall_http_denied_total", "HTTP requests refused for want of a right, by what was wanting.",
               {{.labels = {{"reason", "unauthenticated"}}, .value = total(&api::Counters::unauthenticated)},
                {.labels = {{"reason", "forbidden"}}, .value = total(&api::Counters::forbidden)}});
  page.gauge("rollcall_http_owed_bytes", "Octets held for HTTP clients: answers they have not taken, bodies, changes.",
             as_double(sources_->http_connections.held_bytes.load(std::memory_order_relaxed)));
  page.counter("rollcall_http_lists_total", "HTTP requests whose answers were long, and made on a thread of their own.",
               total(&api::Counters::lists));
  page.counter("rollcall_http_without_room_total", "HTTP requests answered 503: too much is held for clients already.",
               total(&api::Counters::without_room));
  page.counter("rollcall_heartbeats_total", "Leases renewed.", total(&api::Counters::heartbeats));
  page.counter("rollcall_heartbeats_unknown_total", "Heartbeats of instances that are not on the roll.",
               total(&api::Counters::heartbeats_unknown));
  const auto connections = [&](std::atomic<std::uint64_t> ConnectionCounters::* counter) {
    const auto read = [&](const ConnectionCounters& from) {
      return as_double((from.*counter).load(std::memory_order_relaxed));
    };
    return std::vector<Sample>{{.labels = {{"protocol", "dns"}}, .value = read(sources_->dns_connections)},
                               {.labels = {{"protocol", "http"}}, .value = read(sources_->http_connections)}};
  };
  page.gauge("rollcall_connections", "TCP connections that are open.", connections(&ConnectionCounters::open));
  page.counter("rollcall_connections_total", "TCP connections accepted.", connections(&ConnectionCounters::accepted));
  page.counter("rollcall_connections_refused_total", "TCP connections closed at once: a limit was reached.",
               connections(&ConnectionCounters::refused));
  page.counter("rollcall_connections_not_accepted_total",
               "Times that no TCP connection could be accepted for want of a descriptor or memory.",
               connections(&ConnectionCounters::not_accepted));
  page.counter("rollcall_tls_handshakes_total", "TLS handshakes that succeeded.",
               connections(&ConnectionCounters::handshakes));
  page.counter("rollcall_tls_handshakes_failed_total", "TLS handshakes that did not.",
               connections(&ConnectionCounters::handshakes_failed));
  page.counter("rollcall_connections_timed_out_total", "TCP connections closed because a deadline had passed.",
               connections(&ConnectionCounters::timed_out));
}

void Report::put_roll(MetricsPage& page) const {
  const registry::Counts counts = sources_->registry.counts();
  page.gauge("rollcall_services", "Services on the roll, those lately emptied included.", as_double(counts.services));
  page.gauge("rollcall_instances", "Instances on the roll.", as_double(counts.instances));
  page.gauge("rollcall_index", "Index of the last change of the roll.", as_double(counts.index));
  page.counter("rollcall_expiries_total", "Leases that ended without a heartbeat.", as_double(counts.expired));
  page.counter("rollcall_expiries_put_off_total", "Ends of leases put off because too many would have come at once.",
               as_double(counts.put_off));
  page.gauge("rollcall_mass_silence", "Whether the ends of leases are put off now.", counts.is_mass_silence ? 1 : 0);
  page.counter("rollcall_pauses_seconds_total", "Pauses of the server itself, given back to every lease.",
               as_seconds(sources_->clock.given_back()));
}

void Report::put_writer(MetricsPage& page) const {
  const registry::WriterStats& stats = sources_->writer.stats();
  const auto read = [](const std::atomic<std::uint64_t>& count) {
    return as_double(count.load(std::memory_order_relaxed));
  };
  page.counter("rollcall_registrations_total", "Registrations made durable, by what they did.",
               {{.labels = {{"kind", "new"}}, .value = read(stats.registered)},
                {.labels = {{"kind", "update"}}, .value = read(stats.updated)}});
  page.counter("rollcall_deregistrations_total", "Deregistrations made durable.", read(stats.deregistered));
  page.counter("rollcall_store_refused_total", "Changes refused because the store could not write.",
               read(stats.failed_changes));
  page.gauge("rollcall_store_works", "Whether the last write of the store succeeded.",
             stats.store_works.load(std::memory_order_relaxed) ? 1 : 0);
  page.gauge("rollcall_ignored_rows", "Rows of the database that are not on the roll because they break a rule.",
             sources_->ignored_rows ? as_double(sources_->ignored_rows().count) : 0);
  page.histogram("rollcall_commit_seconds", "Time of one commit, from staging to visible.",
                 stats.commit_seconds.snapshot());
  page.histogram("rollcall_commit_changes", "Changes in one commit.", stats.batch_changes.snapshot());
}

void Report::put_events(MetricsPage& page) const {
  using registry::EventKind;
  std::vector<Sample> events;
  for (std::size_t kind = 0; kind < registry::k_event_kinds; ++kind) {
    const auto told = static_cast<EventKind>(kind);
    events.push_back(
        {.labels = {{"event", std::string(registry::to_text(told))}}, .value = as_double(sources_->feed.told(told))});
  }
  page.counter("rollcall_events_total", "Changes of instances since the start, by what became of them.", events);
  page.gauge("rollcall_history_events", "Events stored, as of the last look, seconds ago.",
             as_double(sources_->history.size()));
  const auto total = [&](std::atomic<std::uint64_t> api::Counters::* counter) {
    return sum(sources_->http_loops,
               [&](const api::Counters& loop) { return (loop.*counter).load(std::memory_order_relaxed); });
  };
  page.gauge("rollcall_waiting", "Calls that wait for a service to change, or for time.",
             total(&api::Counters::waiting));
  page.gauge("rollcall_watching", "Clients that watch the roll.", total(&api::Counters::watching));
  page.counter("rollcall_watch_events_total", "Events sent to those who watch.", total(&api::Counters::events_sent));
  page.counter("rollcall_watch_cut_off_total", "Watches ended by the server, mostly because their reader was too slow.",
               total(&api::Counters::watchers_cut_off));
  page.counter("rollcall_watch_gaps_total", "Watches resumed after part of what they missed had been forgotten.",
               total(&api::Counters::watchers_with_gap));
}

}  // namespace rollcall::ops
