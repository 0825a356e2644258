// What the rooms put on the page of a scrape: names, help and types are a promise to whoever has a dashboard.
#include <string>
#include <vector>

#include "api/routed.h"
#include "catch.h"
#include "ops/metrics.h"

namespace rollcall::ops {
namespace {

TEST_CASE("the HTTP API puts the sums over its loops on the page") {
  api::Counters first;
  api::Counters second;
  first.requests = 2;
  second.requests = 3;
  second.client_errors = 1;
  const std::vector<const api::Counters*> loops{&first, &second};
  MetricsPage page;
  api::put_metrics(page, loops);
  const std::string text = page.text();
  CHECK(text.find("# HELP rollcall_http_requests_total HTTP requests.\n"
                  "# TYPE rollcall_http_requests_total counter\n"
                  "rollcall_http_requests_total 5\n") != std::string::npos);
  CHECK(text.find("rollcall_http_errors_total{class=\"4xx\"} 1\nrollcall_http_errors_total{class=\"5xx\"} 0\n") !=
        std::string::npos);
}

TEST_CASE("event streams and waiting calls are gauges") {
  api::Counters loop;
  loop.watching = 4;
  const std::vector<const api::Counters*> loops{&loop};
  MetricsPage page;
  api::put_watch_metrics(page, loops);
  CHECK(page.text().find("# TYPE rollcall_watching gauge\nrollcall_watching 4\n") != std::string::npos);
}

}  // namespace
}  // namespace rollcall::ops
