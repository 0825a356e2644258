// One page of metrics in Prometheus text form, filled anew at each scrape. The only door to prometheus-cpp.
//
// Shape    families in the order they were put; a family that was put without samples is left out.
// Names    see base/metrics.h. Values of labels may be anything.
// Threads  one; a page belongs to the scrape that fills it.
// Source   https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"

namespace rollcall::ops {

// What the page is sent as.
inline constexpr std::string_view k_metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

class MetricsPage final : public MetricsSink {
 public:
  using MetricsSink::counter;
  using MetricsSink::gauge;

  MetricsPage();
  ~MetricsPage() override;
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  void counter(std::string name, std::string help, const std::vector<Sample>& samples) override;
  void gauge(std::string name, std::string help, const std::vector<Sample>& samples) override;
  void histogram(std::string name, std::string help, const Histogram::Snapshot& snapshot) override;

  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace rollcall::ops
