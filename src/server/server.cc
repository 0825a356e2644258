#include "server/server.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "answer/metrics.h"
#include "base/counted.h"
#include "base/log.h"
#include "base/rcu.h"
#include "consul/catalog_face.h"
#include "consul/node_alias.h"
#include "net/sockets/socket.h"
#include "ops/process_metrics.h"
#include "ops/ready.h"
#include "ops/refused_log.h"
#include "ops/version.h"
#include "ops/watchdog.h"
#include "registry/instance/lease_ticker.h"
#include "registry/instance/wall_time.h"
#include "registry/work/metrics.h"
#include "server/consul_identity.h"
#include "server/net_settings.h"
#include "store/sqlite_storage.h"

namespace rollcall::server {
namespace {

using std::chrono::steady_clock;

// Of every thread that serves.
// `is_frozen`: the writer waits for another process, which has a deadline of its own.
std::vector<std::unique_ptr<Pulse>> pulses_of(registry::Writer& writer, const net::Server& net,
                                              const std::atomic<bool>& is_frozen) {
  std::vector<std::unique_ptr<Pulse>> pulses = net.pulses();
  pulses.push_back(
      std::make_unique<TaskPulse>("the writer", [&writer, &is_frozen](std::move_only_function<void()> task) {
        if (is_frozen) return task();
        writer.run_soon(std::move(task));
      }));
  return pulses;
}

}  // namespace

Result<void> Server::open_store() {
  if (takeover_ && takeover_->migrates()) {
    if (const Result<void> frozen = takeover_->freeze(zones_); !frozen) return frozen;
  }
  Result<std::unique_ptr<store::Storage>> opened =
      store::open_storage(settings_.store_path, zones_, {.rows = settings_.history_rows, .age = settings_.history_age},
                          settings_.cluster ? registry::StorageMode::replica : registry::StorageMode::own,
                          takeover_ ? std::optional(takeover_->take_lock()) : std::nullopt);
  if (!opened) return std::unexpected(opened.error());
  storage_ = std::move(*opened);
  registry_ = std::make_unique<registry::Registry>(storage_->journal(), audiences_, zones_,
                                                   settings_.forget_service_after, &feed_);
  registry_->limit_expiries(settings_.expiry);
  writer_ = std::make_unique<registry::Writer>(*registry_, clock_);
  if (settings_.consul.enabled) {
    Result<std::unique_ptr<Keys>> keys = Keys::open(parts_of_keys());
    if (!keys) return std::unexpected(keys.error());
    keys_ = std::move(*keys);
    consul_names_.set_queries(keys_->all().queries());
  }
  show_again_ = std::make_unique<registry::ShowAgain>(*registry_, audiences_, *writer_);
  serials_ = std::make_unique<registry::SerialKeeper>(storage_->serials(), *writer_);
  edits_ = storage_->watch_edits(*writer_);
  checks_ = std::make_unique<net::CheckRunner>(
      *registry_, *writer_, clock_,
      net::CheckSettings{.in_flight_max = settings_.checks_in_flight,
                         .permits = [access = ops::check_access_of(settings_)](
                                        const IpAddress& address) { return access.permits(address); },
                         .is_ours = settings_.cluster ? registry::HealthSchedule::IsOurs([this](const auto& instance) {
                           return cluster_ != nullptr && cluster_->checks(instance);
                         })
                                                      : nullptr,
                         .beats = &beats_,
                         .look_at_node =
                             [this](registry::ZoneId zone, std::string_view node) {
                               return consul::look_at_node(*registry_, agent_ids_, zone, node);
                             }});
  audiences_.add(*checks_);
  if (settings_.consul.enabled) {
    catalog_index_ = std::make_unique<registry::CatalogIndex>(waiters_, settings_.zones.size(), &consul::face_of);
    audiences_.add(*catalog_index_);
  }
  return settings_.cluster ? open_cluster() : Result<void>();
}

Keys::Parts Server::parts_of_keys() {
  return {.settings = settings_,
          .storage = *storage_,
          .registry = *registry_,
          .writer = *writer_,
          .clock = clock_,
          .ids = agent_ids_,
          .audiences = audiences_};
}

Result<void> Server::open_cluster() {
  Result<std::unique_ptr<ClusterNode>> opened = ClusterNode::open({.settings = settings_,
                                                                   .registry = *registry_,
                                                                   .writer = *writer_,
                                                                   .storage = *storage_,
                                                                   .clock = clock_,
                                                                   .zones = zones_,
                                                                   .transfers = transfers_,
                                                                   .freshness = freshness_});
  if (!opened) return std::unexpected(opened.error());
  cluster_ = std::move(*opened);
  native_door_.set_everywhere(cluster_->everywhere());
  return {};
}

Result<void> Server::bind(std::vector<net::NamedSocket> inherited) {
  Result<net::GivenSockets> given =
      takeover_ ? takeover_->take_sockets(settings_)
                : net::sort_by_kind(std::move(inherited), {settings_.dns_tls.listen, settings_.http_tls.listen});
  if (!given) return std::unexpected(given.error());
  std::vector<const api::Door*> doors{&native_door_};
  if (settings_.consul.enabled) {
    consul_identity_ = consul_identity_of(settings_);
    consul_door_ = std::make_unique<api::consul::ConsulDoor>(
        api::consul::Parts{.identity = consul_identity_,
                           .ids = agent_ids_,
                           .catalog = *catalog_index_,
                           .beats = beats_,
                           .store = &keys_->all(),
                           .has_keys = settings_.consul.kv,
                           .why_no_keys = "they are switched off ([consul] kv = false)"});
    doors.push_back(consul_door_.get());
    auto follower = make_follower(settings_.consul, {.door = *consul_door_,
                                                     .registry = *registry_,
                                                     .zones = zones_,
                                                     .waiters = waiters_,
                                                     .writer = *writer_,
                                                     .clock = clock_});
    if (!follower) return std::unexpected(follower.error());
    follower_ = std::move(*follower);
  }
  api_ = std::make_unique<api::Router>(*registry_, zones_, waiters_, access_, std::move(doors));
  const bool keeps_secrets = takeover_ && settings_.cookies && settings_.cookie_secrets.empty();
  cookie_secrets_ = keeps_secrets ? secrets_of(takeover_->cookies()) : ops::cookie_secrets_of(settings_);
  responder_ = std::make_unique<answer::Responder>(
      zones_, roster_,
      answer::ResponderSettings{.udp_payload = settings_.udp_payload,
                                .identity = ops::identity_of(settings_),
                                .cookie_secrets = cookie_secrets_,
                                .cookies_required_above = settings_.cookies_required_above,
                                .tcp_idle = limits::k_dns_tcp_idle,
                                .access = ops::access_of(settings_),
                                .rate_limit = ops::rate_limit_of(settings_),
                                .tsig_keys = settings_.keys,
                                .transfers = &transfers_,
                                .explains = settings_.explain,
                                .freshness = cluster_ ? &freshness_ : nullptr});
  hosts_.replace(hosts_of(settings_));
  Result<std::unique_ptr<net::Server>> bound =
      net::Server::bind({.dns = settings_.dns_listen,
                         .http = settings_.http_listen,
                         .dns_workers = settings_.dns_workers,
                         .dns_connections_max = settings_.max_tcp_connections,
                         .http_connections_max = settings_.max_http_connections,
                         .dns_connections_per_client_max = settings_.max_tcp_connections_per_client,
                         .http_connections_per_client_max = settings_.max_http_connections_per_client,
                         .dns_tls = settings_.dns_tls.listen,
                         .https = settings_.http_tls.listen,
                         .certificates = certificates_of(settings_),
                         .secondaries = secondaries(),
                         .hosts = &hosts_,
                         .zones = &zones_},
                        *responder_, *api_, *writer_, clock_, {feed_, storage_->history()}, std::move(*given));
  if (!bound) return std::unexpected(bound.error());
  net_ = std::move(*bound);
  report_.show(
      {.registry = *registry_,
       .writer = *writer_,
       .clock = clock_,
       .zones = zones_,
       .explainer = explainer_,
       .feed = feed_,
       .history = storage_->history(),
       .http_loops = net_->http_counters(),
       .listeners = {net_->dns_listeners(), net_->http_listeners(), net_->dns_tls_listeners(), net_->https_listeners()},
       .ignored_rows = [this]() -> ops::IgnoredRows {
         return {storage_->ignored().count(), storage_->ignored().sentences(limits::k_ignored_rows_shown_max)};
       },
       .follow = follower_ ? std::function<void(json::Writer&)>(
                                 [this](json::Writer& json) { write_follow_status(json, follower_->status()); })
                           : nullptr,
       .cluster = cluster_ ? std::function<ops::ClusterView()>([this] { return cluster_->view(); }) : nullptr,
       .why_no_member = cluster_ ? std::function<std::string()>([this] { return cluster_->why_not(); }) : nullptr},
      [this](MetricsSink& sink) { put_metrics(sink); });
  return {};
}

void Server::put_metrics(MetricsSink& sink) const {
  answer::put_metrics(sink, net_->dns_counters(), transfers_, roster_, clock_.now());
  net_->put_metrics(sink);
  registry::put_metrics(sink, *registry_, clock_, *writer_);
  registry::put_metrics(sink, checks_->counters());
  registry::put_metrics(sink, feed_, storage_->history());
  if (keys_) keys_->put_metrics(sink);
  if (follower_) follower_->put_metrics(sink);
  reloads_.put_metrics(sink);
  ops::put_process_metrics(sink);
  put_handover_metrics(sink);
}

std::vector<net::Secondary> Server::secondaries() const {
  std::vector<net::Secondary> all;
  for (std::size_t i = 0; i < settings_.zones.size(); ++i) {
    const ops::TransferSettings& zone = settings_.zones[i].transfers;
    const dns::TsigKey* key = ops::find_key(settings_.keys, zone.rules.key);
    for (const IpEndpoint& secondary : zone.notify) {
      all.push_back({static_cast<registry::ZoneId>(i), secondary, key ? std::optional(*key) : std::nullopt});
    }
  }
  return all;
}

// Loads the stored instances, as late as possible: their grace leases start here. The lease clock does not tick
// meanwhile, so all start at the same time. The server answers no query before all instances are loaded.
Result<void> Server::restore() {
  if (takeover_) clock_.hold(steady_clock::now());
  const registry::LeaseTime now = clock_.now();
  const registry::WallTime wall = registry::wall_now();
  if (takeover_) registry_->expect_handed_roll();
  registry::ChangeIndex stored_index = 0;
  const Result<void> restored = storage_->stored().restore([&](registry::Restored part) {
    stored_index = part.index;
    if (!cluster_ && !takeover_) part.index = registry::index_of_start(part.index, wall);
    feed_.begin_after(part.last_event, registry_->event_numbers());
    return registry_->restore(std::move(part), now, wall);
  });
  if (!restored) {
    return failure(Errc::start_up,
                   fmt::format("the roll cannot be read from {}: {}", storage_->name(), restored.error().message));
  }
  const registry::StoredRoll::LeftOut left_out = storage_->stored().left_out();
  ops::log_ignored(storage_->name(), left_out.sentences, left_out.count);
  log::info("{} of {} restored from {}", counted(registry_->counts().instances, "instance"),
            counted(registry_->counts().services, "service"), storage_->name());
  if (takeover_) return take_over();
  if (catalog_index_) catalog_index_->begin(registry_->counts().index);
  static_cast<void>(clock_.tick(steady_clock::now()));  // prevents a clock-pause warning about the restore
  // Store the change index before any client can see it.
  if (const Result<void> recorded = registry_->record_pending(); !recorded) {
    log::warn("the index of this start is not stored yet: {}", recorded.error().message);
  }
  if (cluster_) {
    if (Result<void> entered = cluster_->enter(); !entered) return entered;
  } else {
    take_kept_serials(stored_index);
  }
  static_cast<void>(transfers_.tick(*registry_, [this](const auto& serials) { return serials_->keep_now(serials); }));
  return restore_keys();
}

Result<void> Server::restore_keys() {
  if (!keys_) return {};
  return keys_->restore(parts_of_keys(), takeover_ ? Keys::Continues::yes : Keys::Continues::no);
}

// Serials go on above those that were shown before this start.
void Server::take_kept_serials(registry::ChangeIndex stored_index) {
  const auto kept = storage_->serials().kept_serials();
  if (!kept) log::warn("the serials shown before this start cannot be read: {}", kept.error().message);
  if (kept && !kept->empty()) {
    transfers_.go_on_behind(*kept);
  } else if (stored_index > 0) {
    transfers_.go_on_behind(registry_->counts().index);
  }
}

Result<void> Server::run(const ops::Signals& signals) {
  manager_.status("reading the roll from " + storage_->name());
  if (Result<void> restored = restore(); !restored) return restored;
  if (takeover_) {
    net_->start_dns();
    takeover_->serve_dns(*net_);
    clock_.resume(steady_clock::now());
  }
  ticker_.emplace(clock_);
  std::jthread writing([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "writer");
    const rcu::Thread reader;
    writer_->run(stop);
  });
  edits_->start();
  checks_->start();
  if (keys_) keys_->start();
  std::jthread stepping([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "serials");
    const rcu::Thread reader;
    const registry::KeepSerials keep = [this](const auto& serials) { return serials_->keep(serials); };
    while (transfers_.wait(stop)) {
      for (const registry::ZoneId zone : transfers_.tick(*registry_, keep)) {
        if (!cluster_ || cluster_->notifies()) net_->notify(zone);  // of the nodes of a cluster, one
      }
    }
  });
  if (cluster_) cluster_->start();
  takeover_ ? net_->start_http() : net_->start();
  if (settings_.etcd && !settings_.cluster) {
    log::warn("[etcd] without [cluster]: its records are not on the roll of a single node");
  }
  if (follower_) follower_->start();
  std::optional<ops::Watchdog> watchdog;
  if (manager_.watchdog())
    watchdog.emplace(*manager_.watchdog(), pulses_of(*writer_, *net_, is_frozen_), [this] { manager_.beat(); });
  if (takeover_) takeover_wait_ = takeover_->adopt_http(*net_);
  announce();
  if (!cluster_) handover_ = std::make_unique<Handover>(settings_.store_path, handover_parts());
  while (true) {
    const int signal = signals.wait();
    if (signal == SIGUSR2) {
      start_successor();
      continue;
    }
    if (signal == SIGHUP) {
      reload();
      continue;
    }
    if (successor_ != 0) end_after_handover();
    log::info("stopping on {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    break;
  }
  if (handover_) handover_->close();
  if (successor_ != 0) end_after_handover();
  watchdog.reset();
  manager_.stopping();
  // Graceful shutdown: stop accepting, answer pending requests, join the threads, close the store last.
  if (cluster_) cluster_->leave();
  net_->close_listeners();
  checks_->stop();
  if (follower_) follower_->stop();
  writing.request_stop();
  writing.join();
  if (keys_) keys_->finish();
  stepping.request_stop();
  stepping.join();
  if (cluster_) cluster_->end();
  storage_->close_history();
  net_->stop();
  if (const std::optional<Error> failed = cluster_ ? cluster_->failure() : std::nullopt)
    return std::unexpected(*failed);
  log::info("stopped");
  return {};
}

void Server::announce() const {
  log_consul_zone(settings_);
  for (const std::string& listener : net_->dns_listeners()) log::info("DNS on {} (UDP and TCP)", listener);
  for (const std::string& listener : net_->dns_tls_listeners()) log::info("DNS over TLS on {}", listener);
  for (const std::string& listener : net_->http_listeners()) log::info("HTTP on {}", listener);
  for (const std::string& listener : net_->https_listeners()) log::info("HTTPS on {}", listener);
  const std::string ready = ops::ready_message(net_->dns_endpoints().front(), net_->http_endpoints().front(),
                                               settings_.zones.front().name, settings_.lease);
  log::info("rollcalld {} is ready", ops::k_version);
  std::fputs(ready.c_str(), stdout);
  std::fflush(stdout);
  manager_.ready(ops::state_sentence(registry_->counts()));
}

}  // namespace rollcall::server
