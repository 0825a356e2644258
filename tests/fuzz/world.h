// What the DNS targets ask: the zone of the conformance tests, and a small roll with a service that has everything, one
// too large for a datagram, and one that has been left. The zone may be transferred, and its serial has moved. Consul's names are
// answered too, with instances that only that door takes.
//
// Owner    the program's: it ends after RCU has.
// Threads  the target's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "answer/consul/consul_facts.h"
#include "answer/consul/consul_names.h"
#include "answer/responder.h"
#include "answer/roster/roster.h"
#include "answer/transfer/transfers.h"
#include "answer/zone/zones.h"
#include "dns/tsig.h"
#include "registry/registry.h"

namespace rollcall::fuzz {

inline constexpr std::uint32_t k_wall_seconds = 1'800'000'000;

class World final : private registry::Audience {
 public:
  static const World& the();

  // The sweep is always late here: leases end under its eyes.
  [[nodiscard]] registry::LeaseTime after(std::uint8_t steps) const {
    return clock_.now() + steps * std::chrono::milliseconds(500);
  }

  [[nodiscard]] const answer::Zones& zones() const { return zones_; }
  [[nodiscard]] const answer::Roster& roster() const { return roster_; }
  [[nodiscard]] const answer::Transfers& transfers() const { return transfers_; }
  // To whom transfers go, and with which key requests are signed.
  [[nodiscard]] const IpAddress& secondary() const { return secondary_; }
  [[nodiscard]] const dns::TsigKey& key() const { return key_; }

 private:
  class ObedientJournal final : public registry::CountingJournal {
   public:
    Result<void> write(const registry::Transaction&) override { return {}; }
  };

  World();
  void publish(const registry::Service& service) override;
  void withdraw(const registry::ServiceRef& service) override;
  void add(std::string service, std::string id, const std::vector<std::string>& addresses, std::chrono::seconds lease,
           std::vector<std::string> tags = {}, registry::Protocol protocol = registry::Protocol::tcp);
  void add_free(std::string service, std::string id, const std::vector<std::string>& addresses, std::string host,
                std::vector<std::string> tags, std::string attributes, std::uint16_t port);

  class OneQuery final : public consul::PreparedQueries {
   public:
    [[nodiscard]] const consul::PreparedQuery* find_query(std::string_view folded) const noexcept override {
      return folded == "q" ? &query_ : nullptr;
    }

   private:
    consul::PreparedQuery query_{.service = "Free Name",
                                 .tags = {"!none"},
                                 .service_meta = {},
                                 .node_meta = {},
                                 .only_passing = false,
                                 .failover = {},
                                 .ttl_seconds = 30};
  };

  const IpAddress secondary_ = *IpAddress::parse("192.0.2.9");
  const dns::TsigKey key_{*dns::Name::parse("transfer"), dns::TsigAlgorithm::hmac_sha256,
                          "thirty-two octets of a test's"};
  registry::ManualClock clock_;
  OneQuery queries_;
  answer::ConsulFacts facts_;
  answer::Zones zones_;
  answer::Roster roster_;
  answer::ConsulNames names_;
  answer::Transfers transfers_;
  ObedientJournal journal_;
  registry::Registry registry_;
};

}  // namespace rollcall::fuzz
