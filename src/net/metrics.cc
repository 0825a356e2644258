#include "net/metrics.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <openssl/ssl.h>
#include <string>
#include <utility>
#include <vector>

#include "net/sockets/client_certificate.h"

namespace rollcall::net {
namespace {

using answer::Counters;

Histogram::Snapshot durations_of(std::span<const Counters* const> threads) {
  Histogram::Snapshot all;
  for (std::size_t bucket = 0; bucket < Counters::k_durations; ++bucket) {
    std::uint64_t count = 0;
    for (const Counters* each : threads) count += each->durations(bucket);
    all.counts.push_back(count);
    const auto bits = static_cast<int>(Counters::k_first_bound_bit + bucket);
    if (bucket + 1 < Counters::k_durations) all.bounds.push_back(std::ldexp(1e-9, bits));
  }
  all.sum = sum_of(threads, [](const Counters& each) { return each.nanoseconds(); }) * 1e-9;
  return all;
}

}  // namespace

void put_connection_metrics(MetricsSink& sink, const ConnectionCounters& dns, const ConnectionCounters& http) {
  sink.gauge("rollcall_http_owed_bytes", "Octets held for HTTP clients: answers they have not taken, bodies, changes.",
             metric_of(http.held_bytes));
  const auto connections = [&](std::atomic<std::uint64_t> ConnectionCounters::* counter) {
    return std::vector<Sample>{{.labels = {{"protocol", "dns"}}, .value = metric_of(dns.*counter)},
                               {.labels = {{"protocol", "http"}}, .value = metric_of(http.*counter)}};
  };
  sink.gauge("rollcall_connections", "TCP connections that are open.", connections(&ConnectionCounters::open));
  sink.counter("rollcall_connections_total", "TCP connections accepted.", connections(&ConnectionCounters::accepted));
  sink.counter("rollcall_connections_refused_total", "TCP connections closed at once: a limit was reached.",
               connections(&ConnectionCounters::refused));
  sink.counter("rollcall_connections_not_accepted_total",
               "Times that no TCP connection could be accepted for want of a descriptor or memory.",
               connections(&ConnectionCounters::not_accepted));
  sink.counter("rollcall_tls_handshakes_total", "TLS handshakes that succeeded.",
               connections(&ConnectionCounters::handshakes));
  sink.counter("rollcall_tls_handshakes_failed_total", "TLS handshakes that did not.",
               connections(&ConnectionCounters::handshakes_failed));
  sink.counter("rollcall_connections_timed_out_total", "TCP connections closed because a deadline had passed.",
               connections(&ConnectionCounters::timed_out));
}

void put_certificate_metrics(MetricsSink& sink, const TlsContext* dns, const TlsContext* http) {
  std::vector<Sample> ends;
  const auto add = [&](const TlsContext* context, std::string protocol) {
    if (context == nullptr) return;
    const TlsContext::Shared shared = context->current();
    const auto end = end_of(SSL_CTX_get0_certificate(shared->native_handle())).time_since_epoch();
    ends.push_back(
        {.labels = {{"protocol", std::move(protocol)}}, .value = std::chrono::duration<double>(end).count()});
  };
  add(dns, "dns");
  add(http, "http");
  sink.gauge("rollcall_certificate_end_timestamp_seconds", "When the certificate of TLS listeners expires.", ends);
}

void put_duration_metrics(MetricsSink& sink, std::span<const Counters* const> udp,
                          std::span<const Counters* const> tcp) {
  sink.histogram("rollcall_dns_answer_seconds",
                 "From a query being taken from its socket to its answer being given to the system, by transport.",
                 {{.labels = {{"transport", "udp"}}, .snapshot = durations_of(udp)},
                  {.labels = {{"transport", "tcp"}}, .snapshot = durations_of(tcp)}});
}

}  // namespace rollcall::net
