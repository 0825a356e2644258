// One page of metrics in Prometheus text format, built for each scrape. The only files that use prometheus-cpp are this
// one and metrics.cc.
//
// Shape    metric families in the order of their first call; a family without samples is left out.
// Names    see base/metrics.h. Label values may contain any characters.
// Owner    the scrape that fills it.
// Threads  one.
// Source   https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"

namespace rollcall::ops {

// The Content-Type header of the response.
inline constexpr std::string_view k_metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

class MetricsPage final : public MetricsSink {
 public:
  using MetricsSink::counter;
  using MetricsSink::gauge;
  using MetricsSink::histogram;

  MetricsPage();
  ~MetricsPage() override;
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  void counter(std::string name, std::string help, const std::vector<Sample>& samples) override;
  void gauge(std::string name, std::string help, const std::vector<Sample>& samples) override;
  void histogram(std::string name, std::string help, const std::vector<HistogramSample>& samples) override;

  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace rollcall::ops
