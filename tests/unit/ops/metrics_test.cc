#include "ops/metrics.h"

#include "catch.h"

namespace rollcall::ops {
namespace {

TEST_CASE("a page of metrics is Prometheus text") {
  MetricsPage page;
  page.counter("rollcall_dns_queries_total", "Questions answered.",
               {{{{"type", "A"}, {"rcode", "NOERROR"}}, 12}, {{{"type", "SRV"}, {"rcode", "NXDOMAIN"}}, 3}});
  page.gauge("rollcall_instances", "Instances on the roll.", 20'000);
  page.counter("rollcall_expiries_total", "Leases that ended by themselves.", 0);
  CHECK(page.text() ==
        "# HELP rollcall_dns_queries_total Questions answered.\n"
        "# TYPE rollcall_dns_queries_total counter\n"
        "rollcall_dns_queries_total{type=\"A\",rcode=\"NOERROR\"} 12\n"
        "rollcall_dns_queries_total{type=\"SRV\",rcode=\"NXDOMAIN\"} 3\n"
        "# HELP rollcall_instances Instances on the roll.\n"
        "# TYPE rollcall_instances gauge\n"
        "rollcall_instances 20000\n"
        "# HELP rollcall_expiries_total Leases that ended by themselves.\n"
        "# TYPE rollcall_expiries_total counter\n"
        "rollcall_expiries_total 0\n");
}

TEST_CASE("a histogram's buckets count everything up to their bound, and +Inf everything") {
  Histogram histogram({0.5, 1, 2});
  for (const double value : {0.25, 0.5, 0.75, 2.0, 8.0, 16.0}) histogram.record(value);
  MetricsPage page;
  page.histogram("rollcall_commit_seconds", "Time of a commit.", histogram.snapshot());
  CHECK(page.text() ==
        "# HELP rollcall_commit_seconds Time of a commit.\n"
        "# TYPE rollcall_commit_seconds histogram\n"
        "rollcall_commit_seconds_count 6\n"
        "rollcall_commit_seconds_sum 27.5\n"
        "rollcall_commit_seconds_bucket{le=\"0.5\"} 2\n"
        "rollcall_commit_seconds_bucket{le=\"1\"} 3\n"
        "rollcall_commit_seconds_bucket{le=\"2\"} 4\n"
        "rollcall_commit_seconds_bucket{le=\"+Inf\"} 6\n");
}

TEST_CASE("a label's value may hold quotes, backslashes and line ends") {
  MetricsPage page;
  page.gauge("rollcall_zone_serial", "Serial of a zone.", {{{{"zone", "a\"b\\c\nd"}}, 1}});
  CHECK(page.text() ==
        "# HELP rollcall_zone_serial Serial of a zone.\n"
        "# TYPE rollcall_zone_serial gauge\n"
        "rollcall_zone_serial{zone=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST_CASE("counts keep every digit a scrape can hold") {
  MetricsPage page;
  page.counter("rollcall_heartbeats_total", "Leases renewed.", 9007199254740991.0);
  CHECK(page.text().find("rollcall_heartbeats_total 9007199254740991\n") != std::string::npos);
}

TEST_CASE("a family without samples is left out, and an empty page is empty") {
  MetricsPage page;
  CHECK(page.text().empty());
  page.counter("rollcall_dns_queries_total", "Questions answered.", std::vector<Sample>{});
  CHECK(page.text().empty());
}

}  // namespace
}  // namespace rollcall::ops
