// The rooms between a socket's octets and the disk, put together as rollcalld does, without sockets, threads and clocks:
// what an operation costs in them can be counted.
//
// Owner    its registry, store and answers. The database's directory is the caller's.
// Threads  one, which holds an rcu::Thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "answer/responder.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"
#include "api/native/door.h"
#include "api/router.h"
#include "registry/registry.h"
#include "store/instance_store.h"

namespace rollcall::bench {

inline constexpr std::string_view k_zone = "svc.internal";
inline constexpr std::size_t k_services = 256;
inline constexpr std::size_t k_each = 4;  // instances of a service

// The body of the registration of instance i<k> of service s<n>, whole: with tags and meta.
[[nodiscard]] std::string registration_json(std::string_view service, std::string_view id, std::size_t number);

class WholeRoll {
 public:
  // Services s0 … with instances i0 … each are on the roll, as after a restart.
  explicit WholeRoll(const std::filesystem::path& directory);

  // The size of the answer, in `room`.
  std::size_t respond(Bytes query);
  [[nodiscard]] Bytes room() const { return room_; }

  // As the API routes it: answered at once, or a change for `commit`.
  api::Routed route(api::Method method, std::string_view target, std::string_view body);

  // The changes as one transaction, as the writer does. Their statuses.
  std::vector<unsigned> commit(std::vector<api::Submission> submissions);

  void pass(std::chrono::milliseconds time) { clock_.advance(time); }

 private:
  class Silence final : public api::native::ServerView {
   public:
    [[nodiscard]] std::string_view version() const override { return "0.0.0"; }
    [[nodiscard]] std::string status_json(const api::Grant&) const override { return "{}"; }
    [[nodiscard]] std::string nodes_json() const override { return {}; }
    [[nodiscard]] std::string metrics_text(const api::Grant&) const override { return {}; }
    [[nodiscard]] api::native::Explanation explain(const dns::Name&, dns::Type) const override { return {}; }
    [[nodiscard]] std::string unready_reason() const override { return {}; }
    [[nodiscard]] registry::LeaseBounds lease_bounds() const override { return {}; }
  };

  void restore_everybody();

  const answer::AnswerPolicy policy_;
  answer::Zones zones_;
  answer::Roster roster_;
  std::unique_ptr<store::InstanceStore> store_;
  registry::ManualClock clock_;
  registry::Registry registry_;
  answer::Responder responder_;
  std::unique_ptr<answer::WorkerState> worker_;
  std::vector<std::uint8_t> room_;
  Silence server_;
  api::native::NativeDoor door_{server_};
  api::Access access_{api::AccessRules{}};
  registry::Waiters waiters_;
  api::Router api_;
  api::Caller caller_;
  api::Counters counters_;
};

}  // namespace rollcall::bench
