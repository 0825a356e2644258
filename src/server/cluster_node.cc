#include "server/cluster_node.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/counted.h"
#include "base/log.h"
#include "base/rcu.h"
#include "cluster/engine_module.h"
#include "net/peers/peers.h"
#include "net/sockets/own_address.h"
#include "ops/engine_settings.h"
#include "ops/fingerprints.h"
#include "ops/version.h"

namespace rollcall::server {
namespace {

answer::Freshness::State state_of(cluster::Freshness freshness) {
  switch (freshness) {
    case cluster::Freshness::fresh: return answer::Freshness::State::fresh;
    case cluster::Freshness::stale: return answer::Freshness::State::stale;
    case cluster::Freshness::expired: break;
  }
  return answer::Freshness::State::expired;
}

constexpr std::uint64_t k_restored_margin = 1'000'000;  // of indexes
constexpr std::chrono::milliseconds k_catch_up_max{
    1'500};                                           // a resolver goes to the next name server sooner or about then
constexpr std::chrono::seconds k_first_roll_max{60};  // a million instances are read in half of it
constexpr std::chrono::milliseconds k_catch_up_look{2};

// A signal that ends the program waits for the main thread.
bool is_told_to_end() {
  sigset_t pending;
  return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

std::vector<std::string> zone_names_of(const answer::Zones& zones) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < zones.size(); ++i) names.push_back(zones.name_of(static_cast<registry::ZoneId>(i)));
  return names;
}

// Of the zone's file; inside a ReadLock.
dns::Serial serial_in_file(const answer::Zones& zones, registry::ZoneId zone) {
  return zones.table().zones().at(static_cast<std::size_t>(zone)).records.serial();
}

cluster::StoredNode self_of(const ClusterNode::Parts& parts) {
  cluster::StoredNode self;
  self.version = ops::k_version;
  {
    const rcu::ReadLock lock;
    self.zones_hash = ops::zones_hash(parts.zones.table().zones());
  }
  self.settings_hash = ops::settings_hash(parts.settings);
  return self;
}

Result<std::unique_ptr<cluster::Engine>> open_engine(Result<cluster::EngineSettings> settings) {
  if (!settings) return std::unexpected(settings.error());
  settings->tell = [](const char* sentence) { log::warn("{}", sentence); };
  return cluster::open_engine(*settings);
}

Result<cluster::RecordOptions> records_of(const ops::Settings& settings) {
  const ops::EtcdSettings etcd = settings.etcd.value_or(ops::EtcdSettings{});
  cluster::RecordOptions records{.prefix = etcd.skydns, .mirrors = settings.cluster->mirrors_skydns};
  if (etcd.endpoints.empty() || etcd.endpoints == settings.cluster->etcd) return records;
  Result<std::unique_ptr<cluster::Engine>> engine = open_engine(ops::engine_settings_of(etcd));
  if (!engine) return std::unexpected(engine.error());
  records.store = std::move(*engine);
  return records;
}

}  // namespace

Result<std::unique_ptr<cluster::Engine>> open_engine_of(const ops::ClusterSettings& settings) {
  return open_engine(ops::engine_settings_of(settings));
}

Result<std::unique_ptr<ClusterNode>> ClusterNode::open(Parts parts) {
  Result<std::unique_ptr<cluster::Engine>> engine = open_engine(ops::engine_settings_of(*parts.settings.cluster));
  if (!engine) return std::unexpected(engine.error());
  Result<std::optional<cluster::StoredFormat>> found = find(parts, **engine);
  if (!found && found.error().code != Errc::unreachable) return std::unexpected(found.error());
  Result<cluster::RecordOptions> records = records_of(parts.settings);
  if (!records) return std::unexpected(records.error());
  std::unique_ptr<ClusterNode> node(
      new ClusterNode(std::move(parts), std::move(*engine), std::move(found), std::move(*records)));
  if (const Result<void> opened = node->open_peers(); !opened) return std::unexpected(opened.error());
  return node;
}

// The cluster in etcd, and what this node's database has of another one is dropped.
Result<std::optional<cluster::StoredFormat>> ClusterNode::find(const Parts& parts, cluster::Engine& engine) {
  const ops::ClusterSettings& settings = *parts.settings.cluster;
  const cluster::Keys keys(settings.name);
  registry::Replica& replica = parts.storage.replica();
  const Result<std::optional<registry::ReplicaPlace>> place = replica.place();
  if (!place) return rollcall::failure(Errc::start_up, place.error().message);
  Result<std::optional<cluster::StoredFormat>> found = cluster::find_cluster(engine, keys);
  if (settings.start.is_restored) {
    if (!found) return rollcall::failure(Errc::start_up, found.error().message);
    // Other nodes may have followed further than this one.
    const std::uint64_t base = *found ? (*found)->base : 0;
    const std::uint64_t index = base + (*place ? static_cast<std::uint64_t>((*place)->applied_revision) : 0);
    if (Result<void> renewed = cluster::renew_history(engine, keys, index + k_restored_margin); !renewed) {
      return std::unexpected(renewed.error());
    }
    found = cluster::find_cluster(engine, keys);
  }
  const bool is_other = found && *found && *place && (*place)->incarnation != (*found)->incarnation;
  if (!is_other) return found;
  log::warn("{} has the roll of an earlier history of cluster \"{}\": it is dropped, and the roll is read from etcd",
            parts.storage.name(), settings.name);
  if (Result<void> cleared = replica.clear(); !cleared) {
    return rollcall::failure(Errc::start_up, cleared.error().message);
  }
  return found;
}

ClusterNode::ClusterNode(Parts parts, std::unique_ptr<cluster::Engine> engine,
                         Result<std::optional<cluster::StoredFormat>> found, cluster::RecordOptions records)
    : parts_(std::move(parts)), engine_(engine.get()), found_(std::move(found)) {
  const bool promotes = parts_.settings.cluster->start.entry == ops::ClusterStart::Entry::promote;
  const auto place = parts_.storage.replica().place();
  has_copy_ = promotes || (place && *place);
  parts_.freshness.set(has_copy_ ? answer::Freshness::State::stale : answer::Freshness::State::expired);
  {
    const rcu::ReadLock lock;
    for (const answer::Zone& zone : parts_.zones.table().zones()) {
      if (zone.is_reverse) reverse_.push_back(zone.id);
    }
  }
  const ops::ClusterSettings& settings = *parts_.settings.cluster;
  node_ = std::make_unique<cluster::Node>(
      std::move(engine),
      cluster::NodeOptions{.cluster = settings.name,
                           .name = settings.node,
                           .self = self_of(parts_),
                           .stale_for = settings.stale_for,
                           .forget_service_after = parts_.settings.forget_service_after,
                           .bounds = parts_.settings.lease,
                           .has_copy = has_copy_},
      std::move(records),
      cluster::Node::Parts{
          .registry = parts_.registry,
          .replica = parts_.storage.replica(),
          .clock = parts_.clock,
          .zones = parts_.zones,
          .zone_names = zone_names_of(parts_.zones),
          .run_soon = [this](std::move_only_function<void()> task) { parts_.writer.run_soon(std::move(task)); },
          .counted = [this](registry::ZoneId zone) { count_moved(zone); },
          .freshness = [this](cluster::Freshness freshness) { parts_.freshness.set(state_of(freshness)); },
          .fatal =
              [this](std::string sentence) {
                {
                  const std::lock_guard lock(mutex_);
                  if (failure_) return;
                  failure_ = Error{Errc::start_up, std::move(sentence)};
                }
                ::kill(::getpid(), SIGTERM);
              }});
  parts_.registry.let_decide(node_->member());
  parts_.writer.set_agreed(node_->agreed());
  parts_.transfers.take_serials_from([this](registry::ZoneId zone) { return serial_of(zone); });
}

ClusterNode::~ClusterNode() = default;

// The file's, and the count of changes: of the zone, and for a reverse zone of all, since any of them may have moved a name
// in it. Inside a ReadLock.
std::optional<dns::Serial> ClusterNode::serial_of(registry::ZoneId zone) const {
  const std::vector<answer::Zone>& zones = parts_.zones.table().zones();
  if (!zones.at(static_cast<std::size_t>(zone)).is_reverse) {
    const std::optional<std::uint32_t> count = node_->roll().count_of(zone);
    return count ? std::optional(serial_in_file(parts_.zones, zone) + *count) : std::nullopt;
  }
  dns::Serial serial = serial_in_file(parts_.zones, zone);
  for (const answer::Zone& each : zones) {
    if (each.is_reverse) continue;
    const std::optional<std::uint32_t> count = node_->roll().count_of(each.id);
    if (!count) return std::nullopt;
    serial += *count;
  }
  return serial;
}

void ClusterNode::count_moved(registry::ZoneId zone) {
  parts_.transfers.serial_moved(zone);
  for (const registry::ZoneId reverse : reverse_) parts_.transfers.serial_moved(reverse);
}

Result<void> ClusterNode::open_peers() {
  const ops::ClusterSettings& settings = *parts_.settings.cluster;
  Result<std::unique_ptr<net::Peers>> peers = net::Peers::open({.cluster = settings.name,
                                                                .node = settings.node,
                                                                .listen = settings.peers,
                                                                .certificate = settings.tls_certificate,
                                                                .key = settings.tls_key,
                                                                .authority = settings.tls_ca,
                                                                .key_file = settings.key_file},
                                                               node_->member());
  if (!peers) return std::unexpected(peers.error());
  peers_ = std::move(*peers);
  const auto reach = [&](const IpEndpoint& endpoint) -> Result<std::string> {
    if (!endpoint.address.is_unspecified()) return endpoint.text();
    const Result<IpAddress> own = net::own_address_towards(settings.etcd.front());
    if (!own)
      return rollcall::failure(Errc::start_up,
                               own.error().message + R"(; write advertise = "ADDRESS:PORT" in [cluster])");
    return IpEndpoint{*own, endpoint.port}.text();
  };
  const Result<std::string> address = settings.advertise.empty() ? reach(peers_->endpoint()) : settings.advertise;
  if (!address) return std::unexpected(address.error());
  const Result<std::string> http = reach(parts_.settings.http_listen.front());
  if (!http) return std::unexpected(http.error());
  node_->member().set_addresses(*address, *http);
  return {};
}

Result<void> ClusterNode::enter() {
  const ops::ClusterSettings& settings = *parts_.settings.cluster;
  const cluster::Keys keys(settings.name);
  const bool promotes = settings.start.entry == ops::ClusterStart::Entry::promote;
  if (!found_ && !promotes) {
    log::warn("{}; this node answers what its database has until it does", found_.error().message);
    return {};
  }
  if (!found_) return rollcall::failure(Errc::start_up, found_.error().message);
  const Result<std::optional<registry::ReplicaPlace>> place = parts_.storage.replica().place();
  if (!place) return std::unexpected(place.error());
  if (promotes) {
    if (*found_) {
      return rollcall::failure(Errc::start_up,
                               fmt::format("the cluster \"{}\" exists already: start without --promote, and this "
                                           "node joins it",
                                           settings.name));
    }
    return promote(keys);
  }
  if (!*found_) {
    return rollcall::failure(
        Errc::start_up, fmt::format("etcd has no cluster \"{}\": start the first node of a new one with --promote, "
                                    "which makes its roll the cluster's",
                                    settings.name));
  }
  if (!*place && parts_.registry.counts().instances > 0) {
    return rollcall::failure(
        Errc::start_up,
        fmt::format("{} has {} of a single node, and the cluster \"{}\" has a roll of its own: start with "
                    "another [store] path",
                    parts_.storage.name(), counted(parts_.registry.counts().instances, "instance"), settings.name));
  }
  return {};
}

Result<void> ClusterNode::promote(const cluster::Keys& keys) {
  const cluster::Founding founding = stored_roll();
  const Result<void> founded = cluster::found_cluster(*engine_, keys, parts_.zones, founding);
  if (founded) {
    log::info("the cluster \"{}\" is made of this node's roll: {}, indexes from {}", parts_.settings.cluster->name,
              counted(founding.instances.size(), "instance"), founding.base);
  }
  return founded;
}

// What this node has shown, for the cluster to go on from.
cluster::Founding ClusterNode::stored_roll() const {
  cluster::Founding founding;
  founding.base = parts_.registry.counts().index;
  const auto kept = parts_.storage.serials().kept_serials();
  const rcu::ReadLock lock;
  parts_.registry.for_each_service([&](const registry::Service& service) {
    for (const registry::Instance* instance : service.instances) {
      founding.instances.push_back({.registration = instance->registration(),
                                    .standing = instance->standing(),
                                    .index = instance->index,
                                    .registered_at = instance->registered_at});
    }
  });
  if (!kept) return founding;
  for (const registry::KeptSerial& serial : *kept) {
    founding.serials.emplace_back(serial.zone, serial.serial - serial_in_file(parts_.zones, serial.zone));
  }
  return founding;
}

void ClusterNode::start() {
  peers_->start();
  node_->start(*peers_);
  if (!found_) return;
  const auto until = std::chrono::steady_clock::now() + (has_copy_ ? k_catch_up_max : k_first_roll_max);
  while (!node_->is_fresh() && std::chrono::steady_clock::now() < until && !is_told_to_end()) {
    std::this_thread::sleep_for(k_catch_up_look);
  }
  if (!node_->is_fresh()) {
    log::warn("this node is not up to date with etcd yet: it answers what it knows, and says so");
  }
}

void ClusterNode::leave() { node_->leave(); }

void ClusterNode::end() {
  peers_->stop();
  node_->end();
}

std::optional<Error> ClusterNode::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

std::string ClusterNode::why_not() const { return node_->member().state().why_not; }

void ClusterNode::settings_changed(const ops::Settings& settings) {
  std::string zones;
  {
    const rcu::ReadLock lock;
    zones = ops::zones_hash(parts_.zones.table().zones());
  }
  node_->member().set_hashes(std::move(zones), ops::settings_hash(settings));
}

}  // namespace rollcall::server
