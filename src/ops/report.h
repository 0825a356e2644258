// The state of the running server for operators: status, metrics, readiness, explanations.
//
// Owner    rollcalld.cc. It borrows everything it reports on (StatusSources).
// Threads  any; counters are read while other threads update them, so they may differ by a few.
// Source   interface.md §4.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "answer/explain/explain.h"
#include "answer/zone/zones.h"
#include "api/native/server_view.h"
#include "api/routed.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "json/writer.h"
#include "ops/cluster_view.h"
#include "ops/metrics.h"
#include "registry/events/feed.h"
#include "registry/events/history.h"
#include "registry/instance/lease_clock.h"
#include "registry/instance/registration.h"
#include "registry/registry.h"
#include "registry/work/writer.h"

namespace rollcall::ops {

// The number of database rows that break a rule, with a message for each of the first ones.
struct IgnoredRows {
  std::size_t count = 0;
  std::vector<std::string> sentences;
};

// The addresses the server listens on, as text: "127.0.0.1:8600".
struct ListenerTexts {
  std::vector<std::string> dns;
  std::vector<std::string> http;
  std::vector<std::string> dns_tls;
  std::vector<std::string> https;
};

// The data sources of the status and of explanations. The references must stay valid while requests are answered.
struct StatusSources {
  const registry::Registry& registry;
  const registry::Writer& writer;
  const registry::LeaseClock& clock;
  const answer::Zones& zones;
  const answer::Explainer& explainer;
  const registry::Feed& feed;
  const registry::History& history;
  std::vector<const api::Counters*> http_loops = {};
  ListenerTexts listeners = {};
  std::function<IgnoredRows()> ignored_rows = {};
  // The Consul that is followed, as one member of the status; null: none. Any thread.
  std::function<void(json::Writer&)> follow = {};
  // The cluster as this node sees it; null: a single node. Any thread; for each status, list of nodes and scrape.
  std::function<ClusterView()> cluster = {};
  // Why this node is no member, or refuses: a sentence; empty: it answers. Null: a single node. Any thread; it must be
  // quick: probes ask it every second.
  std::function<std::string()> why_no_member = {};
};

// Collects the metrics of all components for one scrape (base/metrics.h). Any thread.
using PutMetrics = std::function<void(MetricsSink&)>;

class Report final : public api::native::ServerView {
 public:
  explicit Report(registry::LeaseBounds bounds) : bounds_(bounds) {}

  // Call it once, before the first request.
  void show(StatusSources sources, PutMetrics put_metrics);
  void set_lease_bounds(registry::LeaseBounds bounds);

  [[nodiscard]] std::string_view version() const override;
  [[nodiscard]] std::string status_json(const api::Grant& reader) const override;
  [[nodiscard]] std::string metrics_text(const api::Grant& reader) const override;
  [[nodiscard]] api::native::Explanation explain(const dns::Name& name, dns::Type type) const override;
  [[nodiscard]] std::string nodes_json() const override;
  [[nodiscard]] std::string unready_reason() const override;
  [[nodiscard]] registry::LeaseBounds lease_bounds() const override;

 private:
  [[nodiscard]] ClusterView cluster_view() const;
  [[nodiscard]] registry::Counts counts_for(const api::Grant& reader) const;

  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  registry::WallTime started_at_ = registry::wall_now();
  std::optional<StatusSources> sources_;
  PutMetrics put_metrics_;
  Guarded<registry::LeaseBounds> bounds_;
};

}  // namespace rollcall::ops
