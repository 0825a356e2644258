// Exports the registry's metrics.
//
// Threads  any; counters are read while they move.
#pragma once

#include "base/metrics.h"
#include "registry/events/feed.h"
#include "registry/events/history.h"
#include "registry/instance/lease_clock.h"
#include "registry/registry.h"
#include "registry/work/health_schedule.h"
#include "registry/work/writer.h"

namespace rollcall::registry {

void put_metrics(MetricsSink& sink, const Registry& registry, const LeaseClock& clock, const Writer& writer);
void put_metrics(MetricsSink& sink, const HealthCounters& checks);
void put_metrics(MetricsSink& sink, const Feed& feed, const History& history);

}  // namespace rollcall::registry
