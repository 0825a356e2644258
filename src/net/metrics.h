// Exports what this room counts: connections, certificates, how long DNS answers take.
//
// Threads  any; counters are read while they move.
#pragma once

#include <span>

#include "answer/counters.h"
#include "base/connection_counters.h"
#include "base/metrics.h"
#include "net/sockets/tls_context.h"

namespace rollcall::net {

void put_connection_metrics(MetricsSink& sink, const ConnectionCounters& dns, const ConnectionCounters& http);

// Null: no listener with TLS.
void put_certificate_metrics(MetricsSink& sink, const TlsContext* dns, const TlsContext* http);

// `udp`, `tcp`: one of each thread. TLS counts as TCP.
void put_duration_metrics(MetricsSink& sink, std::span<const answer::Counters* const> udp,
                          std::span<const answer::Counters* const> tcp);

}  // namespace rollcall::net
