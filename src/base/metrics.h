// Where a room puts its metrics at a scrape: what is counted, its name, help and labels stand in the room that counts.
//
// Shape    a MetricsSink is the page of one scrape; a room offers a function `put_metrics`, and ops calls them in turn.
// Names    legal ones, those of counters end in `_total`; a wrong one is a programming error (check).
// Threads  one at a time; the counters that are read may move meanwhile.
// Source   https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace rollcall {

struct Sample {
  std::vector<std::pair<std::string, std::string>> labels;  // name, value
  double value = 0;
};

struct HistogramSample {
  std::vector<std::pair<std::string, std::string>> labels;
  Histogram::Snapshot snapshot;
};

class MetricsSink {
 public:
  virtual ~MetricsSink() = default;

  // Only ever grows while the program runs.
  virtual void counter(std::string name, std::string help, const std::vector<Sample>& samples) = 0;
  virtual void gauge(std::string name, std::string help, const std::vector<Sample>& samples) = 0;
  virtual void histogram(std::string name, std::string help, const std::vector<HistogramSample>& samples) = 0;

  // The same without labels.
  void counter(std::string name, std::string help, double value) {
    counter(std::move(name), std::move(help), std::vector<Sample>{{.labels = {}, .value = value}});
  }
  void gauge(std::string name, std::string help, double value) {
    gauge(std::move(name), std::move(help), std::vector<Sample>{{.labels = {}, .value = value}});
  }
  void histogram(std::string name, std::string help, const Histogram::Snapshot& snapshot) {
    histogram(std::move(name), std::move(help), std::vector<HistogramSample>{{.labels = {}, .snapshot = snapshot}});
  }
};

// A counter, as the value of a sample.
[[nodiscard]] inline double metric_of(std::uint64_t count) { return static_cast<double>(count); }
[[nodiscard]] inline double metric_of(const std::atomic<std::uint64_t>& count) {
  return metric_of(count.load(std::memory_order_relaxed));
}

// The sum over the counters of all threads.
template <class Counters, class Read>
[[nodiscard]] double sum_of(const Counters& all, const Read& read) {
  std::uint64_t total = 0;
  for (const auto* each : all) total += read(*each);
  return metric_of(total);
}

}  // namespace rollcall
