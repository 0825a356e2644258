// What Consul's clients keep beside the roll, put together from the settings: on this server's disk, or in the etcd of a cluster;
// and the sessions that end with checks.
//
// Owner    the Server, where the door for Consul's clients is open. Borrows the roll's parts, which outlive it.
// Threads  main thread, but `put_metrics`: any.
// Failure  Errc::start_up, one sentence.
// Source   docs/consul-kv.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "cluster/engine.h"
#include "cluster/kv/shared_key_values.h"
#include "consul/agent_ids.h"
#include "kv/local_key_values.h"
#include "kv/session_checks.h"
#include "ops/settings.h"
#include "registry/ports/audiences.h"
#include "registry/ports/storage.h"
#include "registry/registry.h"
#include "registry/work/writer.h"
#include "store/sqlite_storage.h"

namespace rollcall::server {

class Keys {
 public:
  struct Parts {
    const ops::Settings& settings;
    store::Storage& storage;
    const registry::Registry& registry;
    registry::Writer& writer;
    const registry::TimeSource& clock;
    const consul::AgentIds& ids;
    registry::Audiences& audiences;
  };
  [[nodiscard]] static Result<std::unique_ptr<Keys>> open(const Parts& parts);

  [[nodiscard]] kv::KeyValues& all() { return local_ ? static_cast<kv::KeyValues&>(*local_) : *shared_; }
  // What the disk has. In a cluster, which is followed from `start` on: what a single server had there, if this node makes the
  // cluster of it.
  using Continues = kv::LocalKeyValues::Continues;
  [[nodiscard]] Result<void> restore(const Parts& parts, Continues continues = Continues::no);
  // The writer's thread runs.
  void start();
  // It has ended.
  void finish();
  void put_metrics(MetricsSink& sink) const;

 private:
  void carry_over();

  std::unique_ptr<kv::LocalKeyValues> local_;
  std::unique_ptr<cluster::SharedKeyValues> shared_;
  std::unique_ptr<cluster::Engine> engine_;  // of shared_, which it calls: it ends first
  std::unique_ptr<kv::SessionChecks> session_checks_;
  std::vector<kv::Request> carried_over_;  // to the cluster that this node makes
};

}  // namespace rollcall::server
