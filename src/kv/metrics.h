// What this room offers to a scrape of the metrics.
#pragma once

#include "base/metrics.h"
#include "kv/key_values.h"

namespace rollcall::kv {

void put_metrics(MetricsSink& sink, const KeyValues& keys);

}  // namespace rollcall::kv
