#include "server/keys.h"

#include <fmt/format.h>
#include <utility>

#include "base/log.h"
#include "cluster/node/member.h"
#include "kv/metrics.h"
#include "kv/query_definition.h"
#include "registry/instance/wall_time.h"
#include "server/cluster_node.h"
#include "server/consul_identity.h"

namespace rollcall::server {

Result<std::unique_ptr<Keys>> Keys::open(const Parts& parts) {
  const auto run_soon = [&writer = parts.writer](kv::KeyValues::Task task) { writer.run_soon(std::move(task)); };
  const ops::Settings& settings = parts.settings;
  auto keys = std::make_unique<Keys>();
  if (settings.cluster) {
    Result<std::unique_ptr<cluster::Engine>> engine = open_engine_of(*settings.cluster);
    if (!engine) return std::unexpected(std::move(engine.error()));
    keys->engine_ = std::move(*engine);
    keys->shared_ = std::make_unique<cluster::SharedKeyValues>(
        cluster::SharedKeyValues::Parts{.engine = *keys->engine_,
                                        .cluster = settings.cluster->name,
                                        .node = settings.cluster->node,
                                        .clock = parts.clock,
                                        .raw_now = [] { return cluster::boot_time(); },
                                        .run_soon = run_soon,
                                        .bytes_max = settings.consul.kv_bytes});
  } else {
    keys->local_ =
        std::make_unique<kv::LocalKeyValues>(parts.storage.keys(), parts.clock, run_soon, settings.consul.kv_bytes);
  }
  keys->session_checks_ =
      std::make_unique<kv::SessionChecks>(kv::SessionChecks::Parts{.keys = keys->all(),
                                                                   .ids = parts.ids,
                                                                   .registry = parts.registry,
                                                                   .clock = parts.clock,
                                                                   .own_node = consul_identity_of(settings).node,
                                                                   .zones = settings.zones.size(),
                                                                   .run_soon = run_soon});
  parts.audiences.add(*keys->session_checks_);
  return keys;
}

namespace {

// Keys as transactions that fit in etcd, and prepared queries. Locks are open, since sessions do not come along: their holders
// make them again. What the cluster has already stays.
std::vector<kv::Request> requests_of(const kv::Stored& stored) {
  constexpr std::size_t k_operations = 100;
  constexpr std::size_t k_bytes = 512 << 10;  // and one more value
  std::vector<kv::Request> requests;
  kv::Transaction transaction;
  std::size_t bytes = 0;
  for (const kv::EntryPtr& entry : stored.entries) {
    bytes += kv::bytes_of(*entry);
    transaction.operations.push_back(
        {.verb = kv::Verb::cas, .key = entry->key, .value = entry->value, .flags = entry->flags, .index = 0});
    if (transaction.operations.size() < k_operations && bytes < k_bytes) continue;
    requests.emplace_back(std::exchange(transaction, {}));
    bytes = 0;
  }
  if (!transaction.operations.empty()) requests.emplace_back(std::move(transaction));
  for (const kv::Query& row : stored.queries) {
    Result<kv::Query> query = kv::parse_definition(row.definition);
    if (!query) continue;
    query->id = row.id;
    query->session.clear();
    requests.emplace_back(kv::PutQuery{std::move(*query), true});
  }
  return requests;
}

}  // namespace

Result<void> Keys::restore(const Parts& parts, Continues continues) {
  const std::string& store = parts.storage.name();
  const bool promotes = shared_ && parts.settings.cluster->start.entry == ops::ClusterStart::Entry::promote;
  if (promotes) {
    const Result<kv::Stored> stored = parts.storage.keys().read();
    if (!stored) {
      return failure(Errc::start_up, fmt::format("the keys cannot be read from {}: {}", store, stored.error().message));
    }
    carried_over_ = requests_of(*stored);
  }
  if (!local_) return {};
  const Result<std::vector<std::string>> restored = local_->restore(registry::wall_now(), continues);
  if (!restored) {
    return failure(Errc::start_up, fmt::format("the keys cannot be read from {}: {}", store, restored.error().message));
  }
  for (const std::string& sentence : *restored) log::warn("{}: {}", store, sentence);
  return {};
}

void Keys::start() {
  if (local_) local_->start();
  if (shared_) shared_->start();
  session_checks_->start();
  carry_over();
}

void Keys::carry_over() {
  for (kv::Request& request : std::exchange(carried_over_, {})) {
    const bool is_taken = shared_->submit(std::move(request), [](const kv::Outcome& outcome) {
      if (!outcome) {
        log::warn("keys of this server are not in the cluster yet: {}; write them again", outcome.error().message);
      } else if (const auto* refusal = std::get_if<kv::Refusal>(&*outcome)) {
        log::warn("keys of this server are not taken over by the cluster: {}", refusal->what);
      }
    });
    if (!is_taken)
      log::warn("more keys than can wait: those of this server are not all in the cluster; write them again");
  }
}

void Keys::finish() {
  session_checks_->stop();
  if (local_) local_->finish();
  engine_.reset();
  if (shared_) shared_->finish();
}

void Keys::put_metrics(MetricsSink& sink) const {
  kv::put_metrics(sink, local_ ? static_cast<const kv::KeyValues&>(*local_) : *shared_);
  sink.counter("rollcall_kv_sessions_ended_by_checks_total", "Sessions that have ended with a check that they name.",
               metric_of(session_checks_->ended()));
  if (!shared_) return;
  const cluster::SharedCounters& counters = shared_->counters();
  const auto value = [](const std::atomic<std::uint64_t>& count) {
    return metric_of(count.load(std::memory_order_relaxed));
  };
  sink.counter("rollcall_kv_batches_total",
               "Transactions of etcd that have changed keys of this cluster, by this node.", value(counters.batches));
  sink.counter("rollcall_kv_overtaken_total",
               "Such transactions that were tried again, because another node was faster.", value(counters.overtaken));
  sink.counter("rollcall_kv_unknown_total", "Such transactions that were sent again, because etcd did not answer.",
               value(counters.unknown));
  sink.counter("rollcall_kv_refused_total", "Such transactions that etcd has refused.", value(counters.refused));
}

}  // namespace rollcall::server
