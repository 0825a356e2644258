// What every Prometheus client tells of its process: `process_*`, from /proc.
//
// Threads  any, one scrape at a time.
// Failure  what cannot be read is left out.
// Source   https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics; proc(5).
#pragma once

#include "base/metrics.h"

namespace rollcall::ops {

void put_process_metrics(MetricsSink& sink);

}  // namespace rollcall::ops
