// Rows of services in a scrape: how many there are, whose they are, and that nobody is lost between them.
#include "registry/work/service_metrics.h"

#include <fmt/format.h>
#include <map>
#include <set>
#include <string>

#include "base/limits.h"
#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

class Scrape final : public MetricsSink {
 public:
  using MetricsSink::counter;
  using MetricsSink::gauge;
  using MetricsSink::histogram;
  void counter(std::string, std::string, const std::vector<Sample>&) override {}
  void histogram(std::string, std::string, const std::vector<HistogramSample>&) override {}
  void gauge(std::string, std::string, const std::vector<Sample>& samples) override {
    for (const Sample& sample : samples) {
      services.insert(sample.labels.at(1).second);
      rows[fmt::format("{}/{} {}", sample.labels.at(0).second, sample.labels.at(1).second,
                       sample.labels.at(2).second)] = sample.value;
      sum += sample.value;
    }
  }
  std::map<std::string, double> rows;
  std::set<std::string> services;
  double sum = 0;
};

void put(World& world, std::string service, std::string id) {
  REQUIRE(world.add(std::move(service), std::move(id)).has_value());
}

Scrape scrape(
    const World& world, const std::function<bool(const ServiceRef&)>& may_be_named = [](const auto&) { return true; }) {
  Scrape page;
  put_metrics(page, world.registry, world.zones, may_be_named);
  return page;
}

TEST_CASE("a service has a row for each status, also where nobody has it") {
  World world;
  put(world, "web", "a");
  put(world, "web", "b");
  REQUIRE(world.apply(Change{SetDraining{key("web", "b")}}).has_value());
  const Scrape page = scrape(world);
  CHECK(page.rows == std::map<std::string, double>{{"svc.internal/web ready", 1},
                                                   {"svc.internal/web draining", 1},
                                                   {"svc.internal/web critical", 0}});
}

TEST_CASE("beyond the bound the largest services have rows, and the others one together: nobody is counted twice") {
  World world;
  for (std::size_t i = 0; i < limits::k_metric_services_max + 20; ++i) {
    put(world, fmt::format("s{:03}", i), "a");
  }
  for (int i = 0; i < 4; ++i) put(world, "s119", fmt::format("more-{}", i));  // the last by name
  const Scrape page = scrape(world);
  CHECK(page.services.size() == limits::k_metric_services_max + 1);
  CHECK(page.services.contains("s119"));
  CHECK(page.services.contains("s098"));
  CHECK_FALSE(page.services.contains("s099"));
  CHECK(page.rows.at("(other)/(other) ready") == 20);
  CHECK(page.sum == static_cast<double>(world.registry.counts().instances));
}

TEST_CASE("as many services as the bound has each have a row, and there are no others") {
  World world;
  for (std::size_t i = 0; i < limits::k_metric_services_max; ++i) put(world, fmt::format("s{}", i), "a");
  CHECK(scrape(world).services.size() == limits::k_metric_services_max);
  CHECK_FALSE(scrape(world).services.contains("(other)"));
}

TEST_CASE("a service that grows a little takes no row from another of about its size") {
  World world;
  for (std::size_t i = 0; i < limits::k_metric_services_max + 1; ++i) {
    for (const char* id : {"a", "b"}) put(world, fmt::format("s{:03}", i), id);
  }
  const std::set<std::string> before = scrape(world).services;
  put(world, "s100", "c");
  CHECK(scrape(world).services == before);
  put(world, "s100", "d");  // twice as many as the others have
  CHECK(scrape(world).services != before);
}

TEST_CASE("services that the reader may not know of are counted among the others") {
  World world;
  put(world, "web", "a");
  put(world, "hidden", "a");
  const Scrape page = scrape(world, [](const ServiceRef& service) { return service.name == "web"; });
  CHECK(page.services == std::set<std::string>{"(other)", "web"});
  CHECK(page.rows.at("(other)/(other) ready") == 1);
}

}  // namespace
}  // namespace rollcall::registry::testing
