// The roster: what the DNS sees of the roll. Takes every service as the registry publishes it, and finds what a name
// means.
//
// Owner    the Roster owns the prebuilt answers.
// Threads  `find` any thread under rcu::ReadLock; `publish`, `withdraw` the writer thread.
// Source   interface.md §3 (names).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "answer/policy.h"
#include "answer/service_answers.h"
#include "answer/zones.h"
#include "base/rcu.h"
#include "dns/name.h"
#include "registry/ports.h"

namespace rollcall::answer {

// What a name is to the roll.
struct RosterName {
  enum class Kind : std::uint8_t {
    none,          // nothing of the roll: the zone file decides
    missing,       // below a service's name, but nothing: NXDOMAIN
    empty,         // an empty non-terminal, `_tcp.Z`: NODATA (RFC 8020 §2)
    service,       // `S.Z`, `T.S.Z`: A, AAAA, SRV of a view
    service_srv,   // `_S._P.Z`: SRV of a view
    instance,      // `I.S.Z`: A, AAAA, SRV, TXT of one member
    instance_srv,  // `I._S._P.Z`: SRV, TXT of one member
  };
  Kind kind = Kind::none;
  const ServiceAnswers* answers = nullptr;
  const View* view = nullptr;
  const Member* member = nullptr;
};

class Roster final : public registry::Audience {
 public:
  // The policy of a service; any thread, and not the way of a query.
  using PolicyOf = std::function<AnswerPolicy(const registry::ServiceRef&)>;

  // The zones are borrowed for life.
  Roster(const Zones& zones, PolicyOf policy_of)
      : zones_(zones), policy_of_(std::move(policy_of)), protocol_counts_(zones.size()) {}

  void publish(const registry::Service& service) override;
  void withdraw(const registry::ServiceRef& service) override;

  // The name must be in the zone.
  [[nodiscard]] RosterName find(const Zone& zone, const dns::QuestionName& name) const noexcept;

 private:
  [[nodiscard]] RosterName find_below_service(registry::ZoneId zone, const dns::QuestionName& name,
                                              std::size_t own_labels) const noexcept;
  [[nodiscard]] RosterName find_below_protocol(registry::ZoneId zone, const dns::QuestionName& name,
                                               std::size_t own_labels, registry::Protocol protocol) const noexcept;
  void count(registry::ZoneId zone, registry::ProtocolSet was, registry::ProtocolSet is);

  const Zones& zones_;
  PolicyOf policy_of_;
  rcu::Table<ServiceAnswers> services_;
  // How many services of a zone have been seen with each protocol: whether `_tcp.Z` exists. By ZoneId.
  struct ProtocolCounts {
    std::array<std::atomic<std::uint32_t>, 2> services{};
  };
  std::vector<ProtocolCounts> protocol_counts_;
};

}  // namespace rollcall::answer
