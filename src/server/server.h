// The server: constructs all components and connects them, and stops them in reverse.
//
//                       storage: journal, stored roll, serials, history, ignored rows, outside edits
//                          │ records              ▲ one transaction a batch
//   settings ─► zones ─► registry ◄─────────── writer ◄── changes: api, checks, outside edits
//                 │        │ publishes to         └─► feed ─► watchers
//                 ├─► roster ◄────┤
//                 │   waiters ◄───┤ blocked calls
//                 └─► transfers ◄─┘ serials: one step in 100 ms, then NOTIFY
//                          │ read by
//   DNS loops ─► responder ┘        HTTP loops ─► api ─► registry (heartbeats, reads), writer (changes)
//
// Source   interface.md §1, §5; docs/architecture.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "answer/consul/consul_facts.h"
#include "answer/consul/consul_names.h"
#include "answer/explain/explain.h"
#include "answer/freshness.h"
#include "answer/transfer/transfers.h"
#include "api/consul/door.h"
#include "api/native/door.h"
#include "api/router.h"
#include "consul/agent_ids.h"
#include "consul/identity.h"
#include "net/checks/runner.h"
#include "net/server.h"
#include "net/supervisor/given_sockets.h"
#include "net/supervisor/notify_socket.h"
#include "ops/policies.h"
#include "ops/reload_record.h"
#include "ops/report.h"
#include "ops/settings.h"
#include "ops/signals.h"
#include "registry/events/feed.h"
#include "registry/instance/lease_clock.h"
#include "registry/instance/lease_ticker.h"
#include "registry/ports/audiences.h"
#include "registry/ports/storage.h"
#include "registry/registry.h"
#include "registry/work/catalog_index.h"
#include "registry/work/check_beats.h"
#include "registry/work/serial_keeper.h"
#include "registry/work/show_again.h"
#include "registry/work/waiters.h"
#include "registry/work/writer.h"
#include "server/cluster_node.h"
#include "server/consul_follow.h"
#include "server/consul_zone.h"
#include "server/handover.h"
#include "server/keys.h"
#include "server/takeover.h"
#include "store/sqlite_storage.h"

namespace rollcall::server {

struct Freeze;

// As they were handed over.
[[nodiscard]] dns::CookieSecrets secrets_of(std::string_view octets);

// Where this program lies, read before an upgrade replaces it.
[[nodiscard]] std::filesystem::path own_program();

class Server {
 public:
  // `manager`: is told how the server is. `takeover`: of a process that hands over; null: a start.
  Server(std::vector<std::string> arguments, ops::Settings settings, std::vector<answer::Zone> zones,
         net::NotifySocket manager, std::unique_ptr<Takeover> takeover = nullptr)
      : arguments_(std::move(arguments)),
        manager_(std::move(manager)),
        takeover_(std::move(takeover)),
        settings_(std::move(settings)),
        zones_(std::move(zones), consul_zone_of(settings_, &consul_names_)),
        policies_(settings_.zones, settings_.service_rules),
        roster_(zones_, [this](const registry::ServiceRef& service) { return policies_.of(service); }),
        consul_names_(consul_settings_of(settings_), zones_, roster_, consul_facts_),
        transfers_(
            zones_, [this](const registry::ServiceRef& service) { return policies_.of(service); },
            ops::transfer_rules_of(settings_), settings_.transfer_journal_bytes, settings_.max_transfers),
        explainer_(zones_, roster_, settings_.udp_payload, &freshness_),
        clock_(std::chrono::steady_clock::now()),
        report_(settings_.lease),
        access_(ops::access_rules_of(settings_)) {}

  Result<void> open_store();
  // `given`: sockets that are bound already; each kind of them stands for the addresses of the settings.
  Result<void> bind(std::vector<net::NamedSocket> given);
  // Until a signal ends it. An error: what has ended it instead.
  Result<void> run(const ops::Signals& signals);

 private:
  [[nodiscard]] std::vector<net::Secondary> secondaries() const;
  [[nodiscard]] Keys::Parts parts_of_keys();
  Result<void> open_cluster();
  void take_kept_serials(registry::ChangeIndex stored_index);
  void put_metrics(MetricsSink& sink) const;
  Result<void> restore();
  Result<void> restore_keys();
  // --- Hand-over and takeover (handover.cc beside handover.h) ---
  [[nodiscard]] Result<void> take_over();
  [[nodiscard]] HandoverParts handover_parts();
  [[nodiscard]] std::optional<std::string> freeze();
  [[nodiscard]] bool thaw();
  void start_successor();
  void watch_successor(pid_t successor);
  void tell_of_failure(pid_t successor, std::string_view why);
  void put_handover_metrics(MetricsSink& sink) const;
  void end_after_handover();
  void announce() const;
  void reload();
  [[nodiscard]] Result<void> read_again();

  const std::vector<std::string> arguments_;
  const net::NotifySocket manager_;
  std::unique_ptr<Takeover> takeover_;  // null: a start
  ops::Settings settings_;
  answer::Zones zones_;
  ops::Policies policies_;
  answer::Roster roster_;
  answer::ConsulFacts consul_facts_;
  answer::ConsulNames consul_names_;  // `zones_` leads to it
  answer::Transfers transfers_;
  registry::Waiters waiters_;
  consul::AgentIds agent_ids_;
  registry::CheckBeats beats_;
  registry::Audiences audiences_{{&consul_facts_, &roster_, &transfers_, &agent_ids_, &waiters_}};
  answer::Freshness freshness_;  // of a node of a cluster
  answer::Explainer explainer_;
  registry::Feed feed_;
  registry::LeaseClock clock_;
  std::unique_ptr<store::Storage> storage_;
  std::unique_ptr<registry::Registry> registry_;
  std::unique_ptr<registry::Writer> writer_;
  std::unique_ptr<Keys> keys_;  // null: the door for Consul's clients is switched off
  std::unique_ptr<registry::ShowAgain> show_again_;
  std::unique_ptr<registry::SerialKeeper> serials_;
  std::unique_ptr<registry::OutsideEdits> edits_;
  std::unique_ptr<net::CheckRunner> checks_;
  ops::Report report_;
  api::Access access_;
  net::KnownHosts hosts_{net::HostRules{}};  // set with the listeners
  ops::ReloadRecord reloads_;
  api::native::NativeDoor native_door_{report_};
  consul::Identity consul_identity_;
  std::unique_ptr<registry::CatalogIndex> catalog_index_;  // null: switched off
  std::unique_ptr<api::consul::ConsulDoor> consul_door_;   // null: switched off
  std::unique_ptr<net::ConsulFollower> follower_;          // null: no Consul is followed
  std::unique_ptr<api::Router> api_;
  std::unique_ptr<answer::Responder> responder_;
  std::unique_ptr<net::Server> net_;
  std::unique_ptr<ClusterNode> cluster_;  // null: a single node
  const std::filesystem::path program_ = own_program();
  dns::CookieSecrets cookie_secrets_;
  std::optional<registry::LeaseTicker> ticker_;
  std::shared_ptr<Freeze> freeze_;       // the writer stands still
  std::atomic<bool> is_frozen_ = false;  // likewise; for the watchdog
  std::atomic<std::uint64_t> failed_handovers_ = 0;
  std::chrono::milliseconds takeover_wait_{0};
  std::atomic<pid_t> successor_ = 0;    // that has taken over; -1: this process cannot go on
  std::unique_ptr<Handover> handover_;  // null: a node of a cluster
  std::jthread successor_watch_;
};

}  // namespace rollcall::server
