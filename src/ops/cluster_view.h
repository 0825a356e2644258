// A cluster as this node sees it: what GET /v1/nodes, /v1/status, /readyz and the metrics tell of it.
//
// Shape    values, made anew for each request. A server without [cluster] shows itself as one node (single_node_view).
// Owner    rollcalld.cc fills them from the node; Report writes them.
// Threads  any.
// Source   docs/http.md, GET /v1/nodes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/peers.h"
#include "registry/instance/wall_time.h"

namespace rollcall::ops {

enum class NodeStatus : std::uint8_t {
  member,   // answers heartbeats; the others wait for it before they end a lease
  joining,  // it has a session, and is no member yet
  leaving,  // it hands over, and stops
  gone,     // registered, without a session: it has stopped, or is cut off
};
[[nodiscard]] std::string_view to_text(NodeStatus status);

struct NodeView {
  std::string name = {};
  NodeStatus status = NodeStatus::gone;
  bool is_self = false;
  std::string peers = {};                             // host:port where the others reach it
  std::string http = {};                              // the same for clients; empty: not told
  std::string version = {};                           // of rollcalld
  std::optional<registry::WallTime> since = {};       // of its session; empty: unknown
  std::vector<std::string> hears = {};                // names of nodes
  std::optional<std::chrono::milliseconds> lag = {};  // how late it shows changes; empty: unknown
  std::optional<std::uint64_t> applied_index = {};    // it shows the roll as of this index; empty: unknown
  bool session_ok = false;                            // etcd holds its session
  std::vector<std::string> differs = {};              // from this node: "zones", "settings", "version"
};

// etcd, as the endpoint that this node uses tells it.
struct EtcdView {
  std::string endpoint = {};
  std::string version = {};
  std::optional<std::int64_t> database_bytes = {};
  std::optional<std::int64_t> quota_bytes = {};  // empty: etcd does not tell
  bool has_no_space = false;                     // its alarm NOSPACE: nothing registers
  std::string error = {};                        // why it does not answer; empty: it does
  std::vector<std::string> warnings = {};        // sentences: an old version, a database that is nearly full
};

// Keys of other programs that break a rule, with a sentence for each of the first ones.
struct IgnoredKeys {
  std::size_t count = 0;
  std::vector<std::string> sentences = {};
};

// Since the start of this node.
struct ClusterCounters {
  std::uint64_t heartbeats_renewed = 0;
  std::uint64_t heartbeats_put_first = 0;  // stored in etcd before they were answered
  std::uint64_t heartbeats_refused = 0;
  std::uint64_t heartbeats_unknown = 0;
  std::uint64_t ends_proposed = 0;
  std::uint64_t ends_applied = 0;
  std::uint64_t ends_differed = 0;  // somebody else was faster
  std::uint64_t etcd_errors = 0;    // calls without an answer, or refused
  std::uint64_t incarnations = 0;   // sessions begun
};

struct ClusterView {
  std::string cluster = {};  // empty: a single node without [cluster]
  std::string node = {};     // this one
  std::uint64_t index = 0;
  std::vector<NodeView> nodes = {};   // by name, this node among them
  std::optional<EtcdView> etcd = {};  // empty: none is used
  // --- this node
  bool is_member = false;
  std::string why_not = {};                  // why it is no member, or refuses; a sentence; empty: it answers
  std::chrono::milliseconds session_left{};  // until heartbeats are refused if no further proof of the session succeeds
  std::chrono::milliseconds lag{};           // since a revision is known that is not shown here; 0: none
  std::size_t ends_waiting = 0;              // leases that are over and not ended yet
  std::string ends_wait_for = {};            // for what: a sentence; empty: for nothing
  std::optional<registry::WallTime> stale_since = {};  // without etcd since then; answers say that they are stale
  std::uint64_t replica_behind = 0;                    // revisions that the database on this node's disk lacks
  IgnoredKeys ignored_keys = {};
  ClusterCounters counters = {};
  cluster::PeerCounters peers = {};
};

// A server without [cluster]: one node, itself. `http`: where its API listens.
struct SingleNode {
  std::string name = {};
  std::string http = {};
  std::string version = {};
  std::uint64_t index = 0;
  registry::WallTime since{};
  bool is_ready = true;
};
[[nodiscard]] ClusterView single_node_view(const SingleNode& node);

}  // namespace rollcall::ops
