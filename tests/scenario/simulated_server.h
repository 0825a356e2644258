// The whole server but its sockets, its threads and its disk: registry, roster, responder and lease clock as rollcalld
// joins them, on a clock that the test moves.
//
// Time     virtual. While it passes, the lease clock ticks, and what the writer would do is done at the very instant it
//          would be: leases end, empty services are forgotten, owed rows are offered to the store.
// Disk     rows in memory; they outlive a restart. The store can fail, be busy, or be slow.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/responder.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"
#include "registry/instance/lease_clock.h"
#include "registry/registry.h"
#include "unit/answer/ask.h"
#include "unit/registry/world.h"

namespace rollcall::testing {

// The lease clock of the server, its ticker, and the monotonic clock of the machine, all in the test's hand.
class VirtualClock final : public registry::TimeSource {
 public:
  [[nodiscard]] registry::LeaseTime now() const noexcept override { return lease_clock_->at(instant_); }
  [[nodiscard]] registry::LeaseClock::Monotonic instant() const { return instant_; }

  // Time passes; the ticker runs.
  void pass(std::chrono::nanoseconds time);
  // Time passes, and nobody is there to notice: SIGSTOP, a suspended machine.
  void pause(std::chrono::nanoseconds time) { instant_ += time; }
  // The ticker's first call after a pause.
  void tick();
  // A new process on the same machine.
  void restart();

 private:
  registry::LeaseClock::Monotonic instant_{std::chrono::hours(100)};
  registry::LeaseClock::Monotonic next_tick_ = instant_ + limits::k_clock_tick;
  std::optional<registry::LeaseClock> lease_clock_{instant_};
};

struct SimulatedSettings {
  std::vector<std::pair<std::string, std::string>> zones;  // name and file text
  answer::AnswerPolicy policy;
  std::size_t udp_payload = 1232;
  std::chrono::milliseconds forget_service_after = std::chrono::hours(1);
};

class SimulatedServer {
 public:
  explicit SimulatedServer(SimulatedSettings settings);

  // As the HTTP API does them. `register_instance` holds the registration to its rules first.
  registry::Outcome register_instance(registry::Registration draft);
  registry::Outcome deregister(const registry::InstanceKey& key);
  std::vector<registry::Outcome> apply(const std::vector<registry::Change>& changes);
  Result<registry::Renewed> heartbeat(const registry::InstanceKey& key);

  answer::testing::Answered query(const answer::testing::Ask& ask);

  void pass(std::chrono::nanoseconds time);
  // The writer does not get to run, and comes late to everything.
  void pass_without_writer(std::chrono::nanoseconds time);
  void pause(std::chrono::nanoseconds time);
  void set_wall_clock(std::chrono::milliseconds by) { wall_ += by; }
  // What the writer does when it wakes.
  void run_writer();
  void restart(std::chrono::nanoseconds down);
  // Settings are read again; each service is shown anew.
  void reload(const answer::AnswerPolicy& policy, std::size_t udp_payload);

  [[nodiscard]] registry::testing::MemoryJournal& journal() { return journal_; }
  [[nodiscard]] const registry::Registry& registry() const { return *registry_; }
  [[nodiscard]] const answer::Zones& zones() const { return zones_; }
  [[nodiscard]] registry::LeaseTime now() const { return clock_.now(); }
  [[nodiscard]] registry::WallTime wall() const { return wall_; }
  [[nodiscard]] const answer::AnswerPolicy& policy() const { return settings_.policy; }
  [[nodiscard]] std::size_t udp_payload() const { return settings_.udp_payload; }
  // How long every record takes.
  std::chrono::nanoseconds store_takes{0};

 private:
  void start();
  void pass_wall(std::chrono::nanoseconds time);

  SimulatedSettings settings_;
  answer::Zones zones_;
  registry::testing::MemoryJournal journal_;
  VirtualClock clock_;
  registry::WallTime wall_{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  std::chrono::nanoseconds wall_rest_{0};
  registry::LeaseTime record_again_at_{};
  std::unique_ptr<answer::Roster> roster_;
  std::unique_ptr<registry::Registry> registry_;
  std::unique_ptr<answer::Responder> responder_;
  std::unique_ptr<answer::WorkerState> worker_ = std::make_unique<answer::WorkerState>();
  std::vector<std::uint8_t> room_;
};

}  // namespace rollcall::testing
