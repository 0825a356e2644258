// What an operator sees of the running server: status, metrics, readiness.
//
// Owner    borrows everything it reports on; rollcalld.cc makes it last and outlives it.
// Threads  any; counters are read while they move.
// Source   interface.md §4.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "answer/counters.h"
#include "answer/explain/explain.h"
#include "answer/roster/roster.h"
#include "answer/transfer/transfers.h"
#include "answer/zone/zones.h"
#include "api/native/server_view.h"
#include "api/routed.h"
#include "base/connection_counters.h"
#include "base/guarded.h"
#include "ops/metrics.h"
#include "registry/feed.h"
#include "registry/health_schedule.h"
#include "registry/history.h"
#include "registry/lease_clock.h"
#include "registry/registration.h"
#include "registry/registry.h"
#include "registry/writer.h"

namespace rollcall::ops {

// Rows of the database that break a rule, and sentences about the first of them.
struct IgnoredRows {
  std::size_t count = 0;
  std::vector<std::string> sentences;
};

// Where the figures are.
struct Sources {
  const registry::Registry& registry;
  const registry::Writer& writer;
  const registry::LeaseClock& clock;
  const answer::Zones& zones;
  const answer::Explainer& explainer;
  const registry::Feed& feed;
  const registry::History& history;
  const answer::Transfers& transfers;
  const ConnectionCounters& dns_connections;
  const ConnectionCounters& http_connections;
  const registry::HealthCounters* checks = nullptr;  // null: nobody runs any
  const answer::Roster* roster = nullptr;            // null: nobody answers
  std::vector<const answer::Counters*> dns_workers = {};
  std::vector<const api::Counters*> http_loops = {};
  std::vector<std::string> dns_listeners = {};  // "127.0.0.1:8600"
  std::vector<std::string> http_listeners = {};
  std::vector<std::string> dns_tls_listeners = {};
  std::vector<std::string> https_listeners = {};
  std::function<IgnoredRows()> ignored_rows = {};
};

class Report final : public api::native::ServerView {
 public:
  explicit Report(registry::LeaseBounds bounds) : bounds_(bounds) {}

  // Once, before the first request; everything in it outlives the report.
  void show(Sources sources);
  void set_lease_bounds(registry::LeaseBounds bounds);

  [[nodiscard]] std::string status_json(const api::Grant& reader) const override;
  [[nodiscard]] std::string metrics_text() const override;
  [[nodiscard]] api::native::Explanation explain(const dns::Name& name, dns::Type type) const override;
  [[nodiscard]] std::string unready_reason() const override;
  [[nodiscard]] registry::LeaseBounds lease_bounds() const override;

 private:
  [[nodiscard]] registry::Counts counts_for(const api::Grant& reader) const;
  void put_dns(MetricsPage& page) const;
  void put_http(MetricsPage& page) const;
  void put_roll(MetricsPage& page) const;
  void put_writer(MetricsPage& page) const;
  void put_checks(MetricsPage& page) const;
  void put_events(MetricsPage& page) const;

  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::optional<Sources> sources_;
  Guarded<registry::LeaseBounds> bounds_;
};

}  // namespace rollcall::ops
