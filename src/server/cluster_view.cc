// What operators see of the cluster: the node's state in the terms of ops.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "ops/version.h"
#include "registry/instance/wall_time.h"
#include "server/cluster_node.h"

namespace rollcall::server {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> differences(const cluster::StoredNode& self, const cluster::StoredNode& other) {
  std::vector<std::string> differs;
  if (self.zones_hash != other.zones_hash) differs.emplace_back("zones");
  if (self.settings_hash != other.settings_hash) differs.emplace_back("settings");
  if (self.version != other.version) differs.emplace_back("version");
  return differs;
}

std::string_view waits_for(const cluster::Node::State& state) {
  if (state.ends_waiting == 0) return {};
  if (state.etcd.has_no_space) return "etcd is out of space: ends only delete";
  if (!state.member.answers) return "this node is no member, or has not reached etcd: another node ends leases";
  return "their transactions are under way";
}

constexpr std::int64_t k_usual_quota = std::int64_t{2} << 30;  // of etcd without --quota-backend-bytes
constexpr int k_quota_warn_percent = 60;

// `quota`: as the settings say it.
ops::EtcdView view_of(const cluster::EngineState& etcd, std::optional<std::int64_t> quota) {
  ops::EtcdView view{
      .endpoint = etcd.endpoint, .version = etcd.version, .has_no_space = etcd.has_no_space, .error = etcd.error};
  if (!etcd.answered) {
    if (view.error.empty()) view.error = "it has not answered yet";
    return view;
  }
  view.database_bytes = etcd.database_bytes;
  view.quota_bytes = etcd.quota_bytes > 0 ? std::optional(etcd.quota_bytes) : quota;
  const std::int64_t full = view.quota_bytes.value_or(k_usual_quota);
  if (etcd.database_bytes / k_quota_warn_percent >= full / 100) {
    view.warnings.push_back(fmt::format(
        "etcd's database has {} MiB, {} % of its quota{}: compact and defragment it, or raise --quota-backend-bytes",
        etcd.database_bytes >> 20, etcd.database_bytes / std::max<std::int64_t>(full / 100, 1),
        view.quota_bytes ? "" : " of 2 GiB (say it in [cluster] etcd_quota where it has another one)"));
  }
  int major = 0;
  int minor = 0;
  const char* end = etcd.version.data() + etcd.version.size();
  const auto [dot, bad] = std::from_chars(etcd.version.data(), end, major);
  if (bad == std::errc{} && dot != end) std::from_chars(dot + 1, end, minor);
  if (major < 3 || (major == 3 && minor < 5)) {
    view.warnings.push_back(fmt::format("etcd {} is no longer maintained: 3.5 or 3.6 is recommended", etcd.version));
  }
  if (etcd.has_no_space) {
    view.warnings.emplace_back(
        "etcd is out of space: compact and defragment it, then disarm its alarm; nothing registers until then");
  }
  if (!etcd.has_leader) view.warnings.emplace_back("etcd has no leader: a majority of its members is away");
  return view;
}

}  // namespace

ops::ClusterView ClusterNode::view() const {
  const cluster::Node::State state = node_->state();
  ops::ClusterView view;
  view.cluster = node_->options().cluster;
  view.node = node_->options().name;
  view.index = state.index;
  const auto add = [&](const std::string& name, const cluster::StoredNode& node,
                       ops::NodeStatus status) -> ops::NodeView& {
    view.nodes.push_back({.name = name,
                          .status = status,
                          .is_self = name == view.node,
                          .peers = node.peers,
                          .http = node.http,
                          .version = node.version,
                          .hears = node.hears,
                          .session_ok = true,
                          .differs = differences(state.self, node)});
    return view.nodes.back();
  };
  for (const auto& [name, node] : state.others) {
    add(name, node, node.is_member ? ops::NodeStatus::member : ops::NodeStatus::joining);
  }
  ops::NodeView& self = add(view.node, state.self,
                            state.member.is_stopping ? ops::NodeStatus::leaving
                            : state.member.is_member ? ops::NodeStatus::member
                                                     : ops::NodeStatus::joining);
  self.applied_index = state.index;
  self.session_ok = state.member.answers;
  self.lag = std::chrono::duration_cast<milliseconds>(state.member.behind);
  std::ranges::sort(view.nodes, {}, &ops::NodeView::name);
  view.etcd = view_of(state.etcd, parts_.settings.cluster->etcd_quota);
  view.is_member = state.member.is_member;
  view.why_not = state.member.why_not;
  view.session_left = std::chrono::duration_cast<milliseconds>(state.member.proof_left);
  view.lag = std::chrono::duration_cast<milliseconds>(state.member.behind);
  view.ends_waiting = state.ends_waiting;
  view.ends_wait_for = waits_for(state);
  if (state.freshness != cluster::Freshness::fresh) view.stale_since = registry::wall_now() - state.stale_since;
  view.replica_behind = node_->roll().counters().not_stored.load(std::memory_order_relaxed);
  view.ignored_keys = {state.ignored_count, state.ignored};
  const cluster::MemberCounters& member = node_->member().counters();
  const cluster::EndCounters& ends = node_->end_counters();
  const cluster::LaneCounters& lanes = node_->lane_counters();
  const auto read = [](const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
  view.counters = {.heartbeats_renewed = read(member.answered),
                   .heartbeats_put_first = read(member.put_first),
                   .heartbeats_refused = read(member.refused),
                   .heartbeats_unknown = read(member.unknown),
                   .ends_proposed = read(ends.proposed),
                   .ends_applied = read(ends.applied),
                   .ends_differed = read(ends.differed),
                   .etcd_errors = read(lanes.refused) + read(lanes.unknown) + read(ends.failed),
                   .incarnations = read(member.incarnations)};
  if (peers_ != nullptr) view.peers = peers_->counters();
  return view;
}

}  // namespace rollcall::server
