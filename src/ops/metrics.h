// One page of metrics in Prometheus text form, filled anew at each scrape. The only door to prometheus-cpp: hot
// counters are per thread and live in their rooms; whoever answers a scrape adds them up and puts the sums here.
//
// Shape    families in the order they were put; a family that was put without samples is left out.
// Names    of metrics and labels are the caller's own words, so a wrong one is a broken promise (check), not an Error.
//          Values of labels may be anything.
// Threads  one; a page belongs to the scrape that fills it.
// Source   https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace rollcall::ops {

// What the page is sent as.
inline constexpr std::string_view k_metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

struct Sample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

class MetricsPage {
 public:
  MetricsPage();
  ~MetricsPage();
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  // Only ever grows while the program runs; its name ends in `_total`.
  void counter(std::string name, std::string help, const std::vector<Sample>& samples);
  void gauge(std::string name, std::string help, const std::vector<Sample>& samples);
  void histogram(std::string name, std::string help, const Histogram::Snapshot& snapshot);

  // The same without labels.
  void counter(std::string name, std::string help, double value);
  void gauge(std::string name, std::string help, double value);

  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace rollcall::ops
