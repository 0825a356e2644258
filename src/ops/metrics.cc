#include "ops/metrics.h"

#include <prometheus/check_names.h>
#include <prometheus/text_serializer.h>

#include "base/check.h"

namespace rollcall::ops {
namespace {

prometheus::MetricFamily open_family(std::string name, std::string help, prometheus::MetricType type) {
  check(prometheus::CheckMetricName(name), "a metric's name is legal");
  // The serializer does not escape help texts.
  check(help.find_first_of("\\\n") == std::string::npos, "a metric's help is one line without escapes");
  return {.name = std::move(name), .help = std::move(help), .type = type, .metric = {}};
}

prometheus::ClientMetric open_metric(const std::vector<std::pair<std::string, std::string>>& labels) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) {
    check(prometheus::CheckLabelName(name), "a label's name is legal");
    metric.label.push_back({.name = name, .value = value});
  }
  return metric;
}

// Converts our buckets (counts between two bounds) to Prometheus buckets (cumulative counts up to each bound).
prometheus::ClientMetric::Histogram accumulate(const Histogram::Snapshot& snapshot) {
  check(snapshot.counts.size() == snapshot.bounds.size() + 1, "a histogram has one bucket above its last bound");
  prometheus::ClientMetric::Histogram histogram;
  histogram.sample_sum = snapshot.sum;
  for (std::size_t bucket = 0; bucket < snapshot.bounds.size(); ++bucket) {
    histogram.sample_count += snapshot.counts[bucket];
    histogram.bucket.push_back({.cumulative_count = histogram.sample_count, .upper_bound = snapshot.bounds[bucket]});
  }
  histogram.sample_count += snapshot.counts.back();  // the serializer adds the +Inf bucket from it
  return histogram;
}

}  // namespace

struct MetricsPage::Families {
  std::vector<prometheus::MetricFamily> list;
};

MetricsPage::MetricsPage() : families_(std::make_unique<Families>()) {}
MetricsPage::~MetricsPage() = default;

void MetricsPage::counter(std::string name, std::string help, const std::vector<Sample>& samples) {
  check(name.ends_with("_total"), "a counter's name ends in _total");
  auto family = open_family(std::move(name), std::move(help), prometheus::MetricType::Counter);
  for (const Sample& sample : samples) {
    family.metric.push_back(open_metric(sample.labels));
    family.metric.back().counter.value = sample.value;
  }
  if (!family.metric.empty()) families_->list.push_back(std::move(family));
}

void MetricsPage::gauge(std::string name, std::string help, const std::vector<Sample>& samples) {
  auto family = open_family(std::move(name), std::move(help), prometheus::MetricType::Gauge);
  for (const Sample& sample : samples) {
    family.metric.push_back(open_metric(sample.labels));
    family.metric.back().gauge.value = sample.value;
  }
  if (!family.metric.empty()) families_->list.push_back(std::move(family));
}

void MetricsPage::histogram(std::string name, std::string help, const std::vector<HistogramSample>& samples) {
  auto family = open_family(std::move(name), std::move(help), prometheus::MetricType::Histogram);
  for (const HistogramSample& sample : samples) {
    family.metric.push_back(open_metric(sample.labels));
    family.metric.back().histogram = accumulate(sample.snapshot);
  }
  if (!family.metric.empty()) families_->list.push_back(std::move(family));
}

std::string MetricsPage::text() const { return prometheus::TextSerializer().Serialize(families_->list); }

}  // namespace rollcall::ops
