#include "ops/report.h"

#include <functional>
#include <utility>

#include "base/check.h"
#include "base/rcu.h"
#include "ops/cluster_report.h"
#include "ops/cluster_settings.h"
#include "ops/explain_json.h"
#include "ops/version.h"
#include "registry/instance/wall_time.h"
#include "registry/work/service_metrics.h"

namespace rollcall::ops {
namespace {

void write_strings(json::Writer& json, std::span<const std::string> strings) {
  json.open_array();
  for (const std::string& text : strings) json.value(text);
  json.close_array();
}

}  // namespace

void Report::show(StatusSources sources, PutMetrics put_metrics) {
  check(!sources_ && put_metrics, "the report is given its sources once");
  sources_.emplace(std::move(sources));
  put_metrics_ = std::move(put_metrics);
}

void Report::set_lease_bounds(registry::LeaseBounds bounds) {
  bounds_.with([&](registry::LeaseBounds& current) { current = bounds; });
}

std::string_view Report::version() const { return k_version; }

registry::LeaseBounds Report::lease_bounds() const {
  return bounds_.with([](const registry::LeaseBounds& current) { return current; });
}

std::string Report::unready_reason() const {
  if (!sources_->writer.stats().store_works.load(std::memory_order_relaxed)) {
    return "the store cannot write: registrations are refused, the DNS goes on answering";
  }
  return sources_->why_no_member ? sources_->why_no_member() : std::string();
}

ClusterView Report::cluster_view() const {
  const StatusSources& from = *sources_;
  if (from.cluster) return from.cluster();
  return single_node_view({.name = node_name_of_this_host(),
                           .http = from.listeners.http.empty() ? std::string() : from.listeners.http.front(),
                           .version = std::string(k_version),
                           .index = from.registry.counts().index,
                           .since = started_at_,
                           .is_ready = unready_reason().empty()});
}

std::string Report::nodes_json() const { return ops::nodes_json(cluster_view()); }

api::native::Explanation Report::explain(const dns::Name& name, dns::Type type) const {
  answer::Explained explained = sources_->explainer.explain(name, type, sources_->clock.now(), registry::wall_now());
  return {describe(explained), std::move(explained.services), std::move(explained.zones)};
}

// A reader with access to some services only gets the counts of those services.
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
  const StatusSources& from = *sources_;
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
  json.name("cluster");
  write_cluster_status(json, cluster_view(), reads_all);
  json.name("follow");
  if (from.follow && reads_all) {
    from.follow(json);
  } else {
    json.raw("null");
  }
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
    std::uint64_t total = 0;
    for (const api::Counters* loop : from.http_loops) total += (loop->*counter).load(std::memory_order_relaxed);
    return total;
  };
  json.name("events").open_object();
  json.member("last", from.feed.last()).member("stored", from.history.size());
  json.member("watching", gauge(&api::Counters::watching)).member("waiting", gauge(&api::Counters::waiting));
  json.close_object();
  json.name("listeners").open_object();
  json.name("dns");
  write_strings(json, from.listeners.dns);
  json.name("http");
  write_strings(json, from.listeners.http);
  json.name("dns_tls");
  write_strings(json, from.listeners.dns_tls);
  json.name("https");
  write_strings(json, from.listeners.https);
  json.close_object();
  json.name("ignored_rows");
  const bool shows_rows = reads_all && from.ignored_rows;
  write_strings(json, shows_rows ? from.ignored_rows().sentences : std::vector<std::string>());
  json.close_object();
  return json.take();
}

std::string Report::metrics_text(const api::Grant& reader) const {
  MetricsPage page;
  page.gauge("rollcall_build_info", "Always 1; the label says which version runs.",
             {{.labels = {{"version", std::string(k_version)}}, .value = 1}});
  page.gauge("rollcall_uptime_seconds", "Seconds since the start.",
             std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count());
  put_metrics_(page);
  registry::put_metrics(page, sources_->registry, sources_->zones, [&](const registry::ServiceRef& service) {
    return reader.right >= api::Right::read && reader.covers(service);
  });
  if (sources_->cluster) put_metrics(page, sources_->cluster());
  page.gauge("rollcall_ignored_rows", "Rows of the database that are not on the roll because they break a rule.",
             sources_->ignored_rows ? static_cast<double>(sources_->ignored_rows().count) : 0);
  return page.text();
}

}  // namespace rollcall::ops
