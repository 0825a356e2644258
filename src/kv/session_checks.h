// Ends sessions with the checks that they name: at once when such a check turns critical, and within two looks when it is no
// longer there.
//
// Shape    of each check that a session names it keeps which instance has it, and of each service which sessions it may end.
//          A check that was never seen here ends nobody: a roll that is still being read has no checks yet. `serfHealth` is this
//          server's own, which is well while it answers.
// Cost     a service that no session depends on takes one look into a table.
// Owner    the server; behind AgentIds in the list of audiences.
// Threads  the writer's, but `start` and `stop`.
// Source   Consul's documentation of sessions: "Session Invalidation".
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "consul/agent_ids.h"
#include "kv/key_values.h"
#include "registry/registry.h"

namespace rollcall::kv {

inline constexpr std::string_view k_serf_health = "serfHealth";

class SessionChecks final : public registry::Audience {
 public:
  static constexpr std::chrono::milliseconds k_look_every{1'000};

  struct Parts {
    KeyValues& keys;
    const consul::AgentIds& ids;
    const registry::Registry& registry;
    const TimeSource& clock;
    std::string own_node;
    std::size_t zones = 1;
    KeyValues::RunSoon run_soon;
  };
  explicit SessionChecks(Parts parts) : parts_(std::move(parts)) {}

  void start();  // looks from here on
  void stop();

  void publish(const registry::Service& service) override;
  void withdraw(const registry::ServiceRef&) override {}
  // Every check that a session names: whether it is there, and how it is.
  void look();

  // Sessions that a check has ended.
  [[nodiscard]] std::uint64_t ended() const { return ended_.load(std::memory_order_relaxed); }

 private:
  struct Tie {
    std::string session;
    std::string check;
    friend auto operator<=>(const Tie&, const Tie&) = default;
  };
  struct Place {
    std::string node;
    std::string host;
    std::optional<registry::InstanceKey> instance = {};  // that has the check, as it was found last
    bool is_missing = false;                             // at the last look
  };

  void refresh();
  void watch();
  [[nodiscard]] std::optional<registry::InstanceKey> find(const Tie& tie, const Place& place) const;
  [[nodiscard]] bool is_there(const Place& place) const;
  [[nodiscard]] std::optional<registry::InstanceKey> find_native(registry::ZoneId zone, std::string_view id) const;
  void place(const Tie& tie, Place& place, std::optional<registry::InstanceKey> instance);
  [[nodiscard]] bool is_critical(const Tie& tie, const registry::InstanceKey& instance) const;
  void end(const Tie& tie, std::string_view why);

  const Parts parts_;
  bool is_watching_ = false;
  KeyValues::Seat seat_;  // is woken when the list of sessions changes
  Index seen_ = 0;        // of the list
  std::map<Tie, Place> ties_;
  std::map<registry::ServiceKey, std::set<Tie>> by_service_;
  std::set<std::string> ending_;
  std::atomic<std::uint64_t> ended_{0};
  std::jthread timing_;  // after what it uses
};

}  // namespace rollcall::kv
