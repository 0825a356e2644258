// A ClusterView as JSON and as metrics.
//
// Threads  any; pure.
// Source   docs/http.md: GET /v1/nodes, GET /v1/status, GET /metrics.
#pragma once

#include <string>

#include "base/metrics.h"
#include "json/writer.h"
#include "ops/cluster_view.h"

namespace rollcall::ops {

// The body of GET /v1/nodes.
[[nodiscard]] std::string nodes_json(const ClusterView& view);

// The value of `cluster` in GET /v1/status: null without [cluster]. `shows_keys`: whether the reader may see the names of
// keys that are ignored; their count is always there.
void write_cluster_status(json::Writer& json, const ClusterView& view, bool shows_keys);

// rollcall_cluster_*.
void put_metrics(MetricsSink& sink, const ClusterView& view);

}  // namespace rollcall::ops
