#include "api/routed.h"

namespace rollcall::api {
namespace {

// The sum of one counter over all loops.
struct Total {
  std::span<const Counters* const> loops;
  double operator()(std::atomic<std::uint64_t> Counters::* counter) const {
    return sum_of(loops, [&](const Counters& loop) { return (loop.*counter).load(std::memory_order_relaxed); });
  }
};

}  // namespace

void put_metrics(MetricsSink& sink, std::span<const Counters* const> loops) {
  const Total total{loops};
  sink.counter("rollcall_http_requests_total", "HTTP requests.", total(&Counters::requests));
  sink.counter("rollcall_http_errors_total", "HTTP requests answered with an error, by class.",
               {{.labels = {{"class", "4xx"}}, .value = total(&Counters::client_errors)},
                {.labels = {{"class", "5xx"}}, .value = total(&Counters::server_errors)}});
  sink.counter("rollcall_http_denied_total", "HTTP requests refused for want of a right, by what was wanting.",
               {{.labels = {{"reason", "unauthenticated"}}, .value = total(&Counters::unauthenticated)},
                {.labels = {{"reason", "forbidden"}}, .value = total(&Counters::forbidden)}});
  sink.counter("rollcall_http_lists_total", "HTTP requests whose answers were long, and made on a thread of their own.",
               total(&Counters::lists));
  sink.counter("rollcall_http_without_room_total", "HTTP requests answered 503: too much is held for clients already.",
               total(&Counters::without_room));
  sink.counter("rollcall_heartbeats_total", "Leases renewed.", total(&Counters::heartbeats));
  sink.counter("rollcall_heartbeats_unknown_total", "Heartbeats of instances that are not on the roll.",
               total(&Counters::heartbeats_unknown));
}

void put_watch_metrics(MetricsSink& sink, std::span<const Counters* const> loops) {
  const Total total{loops};
  sink.gauge("rollcall_waiting", "Calls that wait for a service to change, or for time.", total(&Counters::waiting));
  sink.gauge("rollcall_watching", "Clients that watch the roll.", total(&Counters::watching));
  sink.counter("rollcall_watch_events_total", "Events sent to those who watch.", total(&Counters::events_sent));
  sink.counter("rollcall_watch_cut_off_total", "Watches ended by the server, mostly because their reader was too slow.",
               total(&Counters::watchers_cut_off));
  sink.counter("rollcall_watch_gaps_total", "Watches resumed after part of what they missed had been forgotten.",
               total(&Counters::watchers_with_gap));
}

}  // namespace rollcall::api
