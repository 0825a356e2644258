// A node of a cluster, put together from the settings: the engine over etcd, the node, its port for the others, and what the
// rest of the server knows of them.
//
// Owner    the Server, where the settings have [cluster]. Borrows the roll's parts, which outlive it.
// Threads  main thread, but `view`, `why_not`, `notifies` and `serial_of`: any.
// Failure  Errc::start_up, one sentence.
// Source   docs/cluster.md.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "answer/freshness.h"
#include "answer/transfer/transfers.h"
#include "answer/zone/zones.h"
#include "base/result.h"
#include "cluster/node/founding.h"
#include "cluster/node/node.h"
#include "net/peers/peers.h"
#include "ops/cluster_view.h"
#include "ops/settings.h"
#include "registry/ports/storage.h"
#include "registry/registry.h"
#include "registry/work/writer.h"

namespace rollcall::server {

// A connection to etcd of its own.
[[nodiscard]] Result<std::unique_ptr<cluster::Engine>> open_engine_of(const ops::ClusterSettings& settings);

class ClusterNode {
 public:
  struct Parts {
    const ops::Settings& settings;
    registry::Registry& registry;
    registry::Writer& writer;
    registry::Storage& storage;
    const registry::TimeSource& clock;
    const answer::Zones& zones;
    answer::Transfers& transfers;
    answer::Freshness& freshness;
  };
  // Opens the engine and the peers' port, finds the cluster, and renews its history (--restored). From here on the registry leaves every lease to the cluster.
  [[nodiscard]] static Result<std::unique_ptr<ClusterNode>> open(Parts parts);
  ~ClusterNode();

  // After what is stored here is on the roll, and before anything is answered: makes the cluster of this node's roll
  // (--promote), or refuses to start where there is none. An etcd that is away is waited for by the node.
  [[nodiscard]] Result<void> enter();
  // Follows, and joins. The writer's thread runs. Where etcd was there before the start, returns when the roll here is as new
  // as etcd's, or after k_catch_up_max: what this node has stored may be old, and clients have other nodes meanwhile. Where it
  // has stored nothing it waits for k_first_roll_max, since lists would be empty. A signal to end cuts this short.
  void start();
  // Hands over, and leaves; heartbeats are refused from here on.
  void leave();
  // When the writer has ended.
  void end();

  [[nodiscard]] registry::Everywhere& everywhere() { return *node_; }
  // Of all members, this one checks the instance.
  [[nodiscard]] bool checks(const registry::InstanceRef& instance) const {
    return node_->member().is_chosen_for(instance);
  }
  [[nodiscard]] bool notifies() const { return node_->notifies(); }
  [[nodiscard]] ops::ClusterView view() const;
  [[nodiscard]] std::string why_not() const;
  // After a reload of zones or settings.
  void settings_changed(const ops::Settings& settings);
  // Why the server must end, once `end_server` was called.
  [[nodiscard]] std::optional<Error> failure() const;

 private:
  [[nodiscard]] static Result<std::optional<cluster::StoredFormat>> find(const Parts& parts, cluster::Engine& engine);
  ClusterNode(Parts parts, std::unique_ptr<cluster::Engine> engine, Result<std::optional<cluster::StoredFormat>> found,
              cluster::RecordOptions records);
  [[nodiscard]] Result<void> open_peers();
  [[nodiscard]] Result<void> promote(const cluster::Keys& keys);
  [[nodiscard]] std::optional<dns::Serial> serial_of(registry::ZoneId zone) const;
  void count_moved(registry::ZoneId zone);
  [[nodiscard]] cluster::Founding stored_roll() const;

  Parts parts_;
  std::vector<registry::ZoneId> reverse_;
  cluster::Engine* engine_;                             // the node's
  Result<std::optional<cluster::StoredFormat>> found_;  // before the start
  bool has_copy_ = false;                               // of the cluster's roll, of an earlier run
  std::unique_ptr<cluster::Node> node_;
  std::unique_ptr<net::Peers> peers_;
  mutable std::mutex mutex_;
  std::optional<Error> failure_;
};

}  // namespace rollcall::server
