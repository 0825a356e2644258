// The cluster in JSON and metrics.
#include "ops/cluster_report.h"

#include <chrono>
#include <string>

#include "catch.h"
#include "ops/metrics.h"

namespace rollcall::ops {
namespace {

using namespace std::chrono_literals;

// 2026-01-31T09:30:00.250Z
constexpr registry::WallTime k_seen_at{std::chrono::milliseconds(1'769'851'800'250)};

ClusterView two_nodes() {
  ClusterView view;
  view.cluster = "prod";
  view.node = "a";
  view.index = 42;
  view.is_member = true;
  view.nodes.push_back({.name = "a",
                        .status = NodeStatus::member,
                        .is_self = true,
                        .peers = "192.0.2.1:8601",
                        .http = "192.0.2.1:8500",
                        .version = "0.1.0",
                        .since = k_seen_at,
                        .hears = {"b"},
                        .lag = 0ms,
                        .applied_index = 42,
                        .session_ok = true,
                        .differs = {}});
  NodeView gone;
  gone.name = "b";
  gone.differs = {"zones", "settings"};
  view.nodes.push_back(gone);
  return view;
}

std::string status_of(const ClusterView& view, bool shows_keys = true) {
  json::Writer json;
  write_cluster_status(json, view, shows_keys);
  return json.take();
}

TEST_CASE("cluster report: a server alone is one node, itself") {
  const ClusterView view =
      single_node_view({.name = "host", .http = "127.0.0.1:8500", .version = "0.1.0", .index = 7, .since = k_seen_at});
  CHECK(nodes_json(view) ==
        R"({"cluster":null,"node":"host","index":7,"nodes":[{"node":"host","status":"member","is_self":true,)"
        R"("peers":null,"http":"127.0.0.1:8500","version":"0.1.0","since":"2026-01-31T09:30:00.250Z","hears":[],)"
        R"("lag_ms":0,"applied_index":7,"session_ok":true,"differs":[]}],"etcd":null})");
  CHECK(status_of(view) == "null");
}

TEST_CASE("cluster report: members, and those that are gone") {
  ClusterView view = two_nodes();
  view.etcd = EtcdView{.endpoint = "https://192.0.2.9:2379",
                       .version = "3.4.23",
                       .database_bytes = 4096,
                       .quota_bytes = {},
                       .has_no_space = false,
                       .error = {},
                       .warnings = {"etcd 3.4.23 is old"}};
  CHECK(
      nodes_json(view) ==
      R"({"cluster":"prod","node":"a","index":42,"nodes":[{"node":"a","status":"member","is_self":true,)"
      R"("peers":"192.0.2.1:8601","http":"192.0.2.1:8500","version":"0.1.0","since":"2026-01-31T09:30:00.250Z",)"
      R"("hears":["b"],"lag_ms":0,"applied_index":42,"session_ok":true,"differs":[]},)"
      R"({"node":"b","status":"gone","is_self":false,"peers":null,"http":null,"version":null,"since":null,"hears":[],)"
      R"("lag_ms":null,"applied_index":null,"session_ok":false,"differs":["zones","settings"]}],)"
      R"("etcd":{"endpoint":"https://192.0.2.9:2379","version":"3.4.23","database_bytes":4096,"quota_bytes":null,)"
      R"("no_space":false,"error":null,"warnings":["etcd 3.4.23 is old"]}})");
}

TEST_CASE("cluster report: the status says why a node is no member, and what it waits for") {
  ClusterView view = two_nodes();
  view.is_member = false;
  view.why_not = "it has not caught up";
  view.session_left = 4200ms;
  view.lag = 10ms;
  view.ends_waiting = 3;
  view.ends_wait_for = "b has not answered";
  view.stale_since = k_seen_at;
  view.replica_behind = 5;
  view.ignored_keys = {.count = 1, .sentences = {"/rollcall/prod/roll/x: no port"}};
  const std::string start =
      R"({"name":"prod","node":"a","member":false,"why_not":"it has not caught up","members":1,"nodes":2,)"
      R"("session_left_ms":4200,"lag_ms":10,"ends":{"waiting":3,"why":"b has not answered"},)"
      R"("stale_since":"2026-01-31T09:30:00.250Z","replica_behind":5,"differs":["b: zones, settings"],)";
  CHECK(status_of(view) ==
        start + R"("ignored_keys":{"count":1,"sentences":["/rollcall/prod/roll/x: no port"]},"etcd":null})");
  CHECK(status_of(view, false) == start + R"("ignored_keys":{"count":1,"sentences":[]},"etcd":null})");
}

TEST_CASE("cluster report: metrics") {
  ClusterView view = two_nodes();
  view.lag = 1500ms;
  view.counters.heartbeats_renewed = 10;
  view.counters.heartbeats_refused = 2;
  view.counters.ends_applied = 4;
  view.peers.polls_sent = 9;
  view.peers.refused[0] = 6;
  view.etcd = EtcdView{.endpoint = "e", .error = "no answer"};
  MetricsPage page;
  put_metrics(page, view);
  const std::string text = page.text();
  for (const char* line :
       {"rollcall_cluster_member 1\n", "rollcall_cluster_nodes{status=\"member\"} 1\n",
        "rollcall_cluster_nodes{status=\"gone\"} 1\n", "rollcall_cluster_lag_seconds 1.5\n",
        "rollcall_cluster_applied_index 42\n", "rollcall_cluster_heartbeats_total{answer=\"renewed\"} 10\n",
        "rollcall_cluster_heartbeats_total{answer=\"refused\"} 2\n",
        "rollcall_cluster_ends_total{outcome=\"applied\"} 4\n", "rollcall_cluster_polls_total{outcome=\"sent\"} 9\n",
        "rollcall_cluster_peer_refused_total{reason=\"malformed\"} 6\n", "rollcall_cluster_etcd_up 0\n"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("rollcall_cluster_etcd_database_bytes") == std::string::npos);
}

}  // namespace
}  // namespace rollcall::ops
