#include "registry/work/service_metrics.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "base/limits.h"
#include "base/rcu.h"

namespace rollcall::registry {
namespace {

constexpr std::array k_statuses{Status::ready, Status::draining, Status::critical};
using ByStatus = std::array<std::uint64_t, k_statuses.size()>;

ByStatus count(const Service& service) {
  ByStatus counts{};
  for (const Instance* instance : service.instances) ++counts.at(static_cast<std::size_t>(instance->status));
  return counts;
}

// Whose row is worth more.
bool is_before(const Service* one, const Service* other) {
  const auto rank = [](const Service& service) {
    return std::tuple(-std::bit_width(service.instances.size()), service.service.zone,
                      std::string_view(service.service.name));
  };
  return rank(*one) < rank(*other);
}

void add_rows(std::vector<Sample>& rows, std::string_view zone, std::string_view service, const ByStatus& counts) {
  for (const Status status : k_statuses) {
    rows.push_back({.labels = {{"zone", std::string(zone)},
                               {"service", std::string(service)},
                               {"status", std::string(to_text(status))}},
                    .value = metric_of(counts.at(static_cast<std::size_t>(status)))});
  }
}

}  // namespace

void put_metrics(MetricsSink& sink, const Registry& registry, const ZoneDirectory& zones,
                 const std::function<bool(const ServiceRef&)>& may_be_named) {
  std::vector<const Service*> named;  // a heap, with the one whose row is worth least in front
  ByStatus others{};
  std::uint64_t other_services = 0;
  const auto add_to_others = [&](const Service& service) {
    const ByStatus counts = count(service);
    for (std::size_t i = 0; i < counts.size(); ++i) others.at(i) += counts.at(i);
    ++other_services;
  };
  std::vector<Sample> rows;
  {
    const rcu::ReadLock lock;
    registry.for_each_service([&](const Service& service) {
      if (!may_be_named(service.service.ref())) return add_to_others(service);
      named.push_back(&service);
      std::ranges::push_heap(named, is_before);
      if (named.size() <= limits::k_metric_services_max) return;
      std::ranges::pop_heap(named, is_before);
      add_to_others(*named.back());
      named.pop_back();
    });
    std::ranges::sort(named, {}, [](const Service* service) { return service->key(); });
    for (const Service* service : named) {
      add_rows(rows, zones.name_of(service->service.zone), service->service.name, count(*service));
    }
  }
  if (other_services > 0) add_rows(rows, k_other_services, k_other_services, others);
  sink.gauge("rollcall_service_instances",
             "Instances of the largest services by status, and of all others together as (other).", rows);
}

}  // namespace rollcall::registry
