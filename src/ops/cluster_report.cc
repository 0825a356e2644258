#include "ops/cluster_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>

namespace rollcall::ops {
namespace {

using std::chrono::milliseconds;

constexpr std::array k_statuses{NodeStatus::member, NodeStatus::joining, NodeStatus::leaving, NodeStatus::gone};

void put_texts(json::Writer& json, std::string_view name, std::span<const std::string> texts) {
  json.name(name).open_array();
  for (const std::string& text : texts) json.value(text);
  json.close_array();
}

template <class T>
void put_number(json::Writer& json, std::string_view name, const std::optional<T>& number) {
  number ? json.member(name, *number) : json.name(name).raw("null");
}
void put_duration(json::Writer& json, std::string_view name, const std::optional<milliseconds>& duration) {
  duration ? json.member(name, duration->count()) : json.name(name).raw("null");
}
void put_text_or_null(json::Writer& json, std::string_view name, std::string_view text) {
  text.empty() ? json.name(name).raw("null") : json.member(name, text);
}
void put_time(json::Writer& json, std::string_view name, const std::optional<registry::WallTime>& time) {
  time ? json.member(name, registry::format_wall_time(*time)) : json.name(name).raw("null");
}

void put_node(json::Writer& json, const NodeView& node) {
  json.open_object();
  json.member("node", node.name).member("status", to_text(node.status)).member("is_self", node.is_self);
  put_text_or_null(json, "peers", node.peers);
  put_text_or_null(json, "http", node.http);
  put_text_or_null(json, "version", node.version);
  put_time(json, "since", node.since);
  put_texts(json, "hears", node.hears);
  put_duration(json, "lag_ms", node.lag);
  put_number(json, "applied_index", node.applied_index);
  json.member("session_ok", node.session_ok);
  put_texts(json, "differs", node.differs);
  json.close_object();
}

void put_etcd(json::Writer& json, const std::optional<EtcdView>& etcd) {
  json.name("etcd");
  if (!etcd) {
    json.raw("null");
    return;
  }
  json.open_object();
  json.member("endpoint", etcd->endpoint);
  put_text_or_null(json, "version", etcd->version);
  put_number(json, "database_bytes", etcd->database_bytes);
  put_number(json, "quota_bytes", etcd->quota_bytes);
  json.member("no_space", etcd->has_no_space);
  put_text_or_null(json, "error", etcd->error);
  put_texts(json, "warnings", etcd->warnings);
  json.close_object();
}

// "rollcall-2: zones, settings" for each node that differs.
std::vector<std::string> differences(const ClusterView& view) {
  std::vector<std::string> all;
  for (const NodeView& node : view.nodes) {
    if (node.differs.empty()) continue;
    std::string line = node.name + ":";
    for (const std::string& what : node.differs) line += (line.ends_with(':') ? " " : ", ") + what;
    all.push_back(std::move(line));
  }
  return all;
}

std::size_t count_of(const ClusterView& view, NodeStatus status) {
  return static_cast<std::size_t>(std::ranges::count(view.nodes, status, &NodeView::status));
}

double seconds_of(milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

Sample sample(const char* label, std::string_view value, double number) {
  return {.labels = {{label, std::string(value)}}, .value = number};
}

void put_peer_metrics(MetricsSink& sink, const cluster::PeerCounters& peers) {
  sink.gauge("rollcall_cluster_peers_connected", "Other nodes that this node can poll now.",
             static_cast<double>(peers.connected));
  sink.counter("rollcall_cluster_polls_total", "Polls of other nodes for their heartbeats.",
               {sample("outcome", "sent", metric_of(peers.polls_sent)),
                sample("outcome", "answered", metric_of(peers.polls_answered)),
                sample("outcome", "given_up", metric_of(peers.polls_given_up))});
  sink.counter("rollcall_cluster_peer_connections_total", "Connections between this node and others, since the start.",
               {sample("kind", "made", metric_of(peers.connects)), sample("kind", "accepted", metric_of(peers.accepts)),
                sample("kind", "failed", metric_of(peers.connect_failures))});
  std::vector<Sample> refused;
  for (std::size_t i = 0; i < peers.refused.size(); ++i) {
    refused.push_back(
        sample("reason", cluster::to_text(static_cast<cluster::PeerRefusal>(i)), metric_of(peers.refused[i])));
  }
  sink.counter("rollcall_cluster_peer_refused_total", "Messages of other nodes that were refused.", refused);
  sink.counter("rollcall_cluster_peer_bytes_total", "Bytes between the nodes.",
               {sample("direction", "received", metric_of(peers.octets_received)),
                sample("direction", "sent", metric_of(peers.octets_sent))});
  if (!peers.round_trips.counts.empty()) {
    sink.histogram("rollcall_cluster_poll_seconds", "From sending a poll to its answer.", peers.round_trips);
  }
}

void put_etcd_metrics(MetricsSink& sink, const EtcdView& etcd) {
  sink.gauge("rollcall_cluster_etcd_up", "1: the member of etcd that this node uses answers.",
             etcd.error.empty() ? 1 : 0);
  sink.gauge("rollcall_cluster_etcd_no_space", "1: etcd has its alarm NOSPACE, and nothing can register.",
             etcd.has_no_space ? 1 : 0);
  if (etcd.database_bytes) {
    sink.gauge("rollcall_cluster_etcd_database_bytes", "Size of etcd's database.",
               static_cast<double>(*etcd.database_bytes));
  }
  if (etcd.quota_bytes) {
    sink.gauge("rollcall_cluster_etcd_quota_bytes", "The size at which etcd stops taking changes.",
               static_cast<double>(*etcd.quota_bytes));
  }
}

}  // namespace

std::string_view to_text(NodeStatus status) {
  switch (status) {
    case NodeStatus::member: return "member";
    case NodeStatus::joining: return "joining";
    case NodeStatus::leaving: return "leaving";
    case NodeStatus::gone: return "gone";
  }
  std::unreachable();
}

ClusterView single_node_view(const SingleNode& node) {
  ClusterView view;
  view.node = node.name;
  view.index = node.index;
  view.is_member = node.is_ready;
  view.nodes.push_back({.name = node.name,
                        .status = NodeStatus::member,
                        .is_self = true,
                        .peers = {},
                        .http = node.http,
                        .version = node.version,
                        .since = node.since,
                        .hears = {},
                        .lag = milliseconds(0),
                        .applied_index = node.index,
                        .session_ok = true,
                        .differs = {}});
  return view;
}

std::string nodes_json(const ClusterView& view) {
  json::Writer json(1'024);
  json.open_object();
  put_text_or_null(json, "cluster", view.cluster);
  json.member("node", view.node).member("index", view.index);
  json.name("nodes").open_array();
  for (const NodeView& node : view.nodes) put_node(json, node);
  json.close_array();
  put_etcd(json, view.etcd);
  json.close_object();
  return json.take();
}

void write_cluster_status(json::Writer& json, const ClusterView& view, bool shows_keys) {
  if (view.cluster.empty()) {
    json.raw("null");
    return;
  }
  json.open_object();
  json.member("name", view.cluster).member("node", view.node).member("member", view.is_member);
  put_text_or_null(json, "why_not", view.why_not);
  json.member("members", count_of(view, NodeStatus::member)).member("nodes", view.nodes.size());
  json.member("session_left_ms", view.session_left.count()).member("lag_ms", view.lag.count());
  json.name("ends").open_object();
  json.member("waiting", view.ends_waiting);
  put_text_or_null(json, "why", view.ends_wait_for);
  json.close_object();
  put_time(json, "stale_since", view.stale_since);
  json.member("replica_behind", view.replica_behind);
  put_texts(json, "differs", differences(view));
  json.name("ignored_keys").open_object();
  json.member("count", view.ignored_keys.count);
  put_texts(json, "sentences", shows_keys ? view.ignored_keys.sentences : std::vector<std::string>());
  json.close_object();
  put_etcd(json, view.etcd);
  json.close_object();
}

void put_metrics(MetricsSink& sink, const ClusterView& view) {
  sink.gauge("rollcall_cluster_member", "1: this node is a member, and answers heartbeats.", view.is_member ? 1 : 0);
  std::vector<Sample> nodes;
  for (const NodeStatus status : k_statuses) {
    nodes.push_back(sample("status", to_text(status), static_cast<double>(count_of(view, status))));
  }
  sink.gauge("rollcall_cluster_nodes", "Nodes of the cluster, as this node sees them.", nodes);
  sink.gauge("rollcall_cluster_lag_seconds", "For how long this node knows of a change that it does not show yet.",
             seconds_of(view.lag));
  sink.gauge("rollcall_cluster_session_seconds",
             "Until heartbeats are refused if no further proof of the session succeeds.",
             seconds_of(view.session_left));
  sink.gauge("rollcall_cluster_applied_index", "The roll is shown as of this index.", metric_of(view.index));
  sink.gauge("rollcall_cluster_stale", "1: etcd does not answer, and answers of the DNS say that they are stale.",
             view.stale_since ? 1 : 0);
  sink.gauge("rollcall_cluster_replica_behind", "Revisions that the database on this node's disk lacks.",
             metric_of(view.replica_behind));
  sink.gauge("rollcall_cluster_ignored_keys", "Keys in etcd that are not on the roll because they break a rule.",
             static_cast<double>(view.ignored_keys.count));
  const ClusterCounters& counters = view.counters;
  sink.counter("rollcall_cluster_heartbeats_total", "Heartbeats that reached this node.",
               {sample("answer", "renewed", metric_of(counters.heartbeats_renewed)),
                sample("answer", "put_first", metric_of(counters.heartbeats_put_first)),
                sample("answer", "refused", metric_of(counters.heartbeats_refused)),
                sample("answer", "unknown", metric_of(counters.heartbeats_unknown))});
  sink.counter("rollcall_cluster_ends_total", "Ends of leases that this node has proposed, and what came of them.",
               {sample("outcome", "proposed", metric_of(counters.ends_proposed)),
                sample("outcome", "applied", metric_of(counters.ends_applied)),
                sample("outcome", "differed", metric_of(counters.ends_differed))});
  sink.gauge("rollcall_cluster_ends_waiting", "Leases that are over and not ended yet.",
             static_cast<double>(view.ends_waiting));
  sink.counter("rollcall_cluster_sessions_total", "Sessions in etcd that this node has begun.",
               metric_of(counters.incarnations));
  sink.counter("rollcall_cluster_etcd_errors_total", "Calls of etcd that were refused, or had no answer.",
               metric_of(counters.etcd_errors));
  put_peer_metrics(sink, view.peers);
  if (view.etcd) put_etcd_metrics(sink, *view.etcd);
}

}  // namespace rollcall::ops
