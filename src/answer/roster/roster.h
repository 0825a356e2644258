// The roster: what the DNS sees of the roll. Takes every service as the registry publishes it, and finds what a name
// means.
//
// Owner    the Roster owns the prebuilt answers.
// Threads  `find` any thread under rcu::ReadLock; `publish`, `withdraw` the writer thread.
// Source   RFC 2782, RFC 6763; docs/architecture.md.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer/roster/service_answers.h"
#include "answer/roster/service_index.h"
#include "answer/roster/service_types.h"
#include "answer/zone/policy.h"
#include "answer/zone/reverse_names.h"
#include "answer/zone/zones.h"
#include "base/rcu.h"
#include "dns/name.h"
#include "registry/ports/ports.h"

namespace rollcall::answer {

// What a DNS name refers to in the registry.
struct RosterName {
  enum class Kind : std::uint8_t {
    none,          // nothing of the roll: the zone file decides
    missing,       // below a service's name, but nothing: NXDOMAIN
    empty,         // an empty non-terminal, `_tcp.Z`: NODATA (RFC 8020 §2)
    service,       // `S.Z`, `T.S.Z`: A, AAAA, SRV of a view
    service_srv,   // `_S._P.Z`: SRV of a view
    instance,      // `I.S.Z`: A, AAAA, SRV, TXT of one member
    instance_srv,  // `I._S._P.Z`: SRV, TXT of one member
    subtype,       // `_T._sub._S._P.Z`: PTR to members of a view (RFC 6763 §7.1)
    types,         // `_services._dns-sd._udp.Z`: PTR to every `_S._P.Z` (RFC 6763 §9)
    domain,        // `b._dns-sd._udp.Z`, `lb._dns-sd._udp.Z`: PTR to Z (RFC 6763 §11)
    reverse,       // `4.3.2.1.in-addr.arpa`: PTR to `I.S.Z`
  };
  Kind kind = Kind::none;
  const ServiceAnswers* answers = nullptr;
  const View* view = nullptr;
  const Member* member = nullptr;
  registry::Protocol protocol = registry::Protocol::tcp;  // of service_srv and subtype
  const ReverseName* reverse = nullptr;
};

class Roster final : public registry::Audience {
 public:
  // The policy of a service; any thread, and not the way of a query.
  using PolicyOf = std::function<AnswerPolicy(const registry::ServiceRef&)>;

  // The zones are borrowed for life.
  Roster(const Zones& zones, PolicyOf policy_of);

  void publish(const registry::Service& service) override;
  void withdraw(const registry::ServiceRef& service) override;
  void expect(std::size_t services) override { services_.reserve(services); }
  [[nodiscard]] registry::LeaseTime answered_until(const registry::ServiceRef& service,
                                                   registry::LeaseTime now) const override;
  void assume_answered(const registry::ServiceRef& service, registry::LeaseTime now) override;

  // The name must be in the zone. What is found is as it is answered at `now`; without a time, as the checks have it.
  [[nodiscard]] RosterName find(const Zone& zone, const dns::QuestionName& name,
                                std::optional<registry::LeaseTime> now = std::nullopt) const noexcept;

  // Null: there is no such service.
  [[nodiscard]] const ServiceAnswers* find_service(const registry::ServiceRef& service,
                                                   std::optional<registry::LeaseTime> now) const noexcept {
    return find_service(service, registry::hash_of(service), now);
  }
  [[nodiscard]] const ServiceAnswers* find_service(const registry::ServiceRef& service, std::uint64_t hash,
                                                   std::optional<registry::LeaseTime> now) const noexcept;
  // The same for a service that is answered under a derived label, by its own name. Null: it is not known, or not renamed.
  [[nodiscard]] const ServiceAnswers* find_renamed(const registry::ServiceRef& service,
                                                   std::optional<registry::LeaseTime> now) const noexcept;
  // Prefetch what `find_service` reads (service_index.h).
  void fetch_place(std::uint64_t hash) const noexcept { services_.fetch_place(hash); }
  void fetch_answers(std::uint64_t hash) const noexcept { services_.fetch_answers(hash); }

  // Services that answer critical instances too, because too few are ready. Under a ReadLock.
  [[nodiscard]] std::size_t count_protected(registry::LeaseTime now) const;

  // The services of the zone that have a ready instance, critical ones apart, and a name for their type. Under a ReadLock.
  [[nodiscard]] const ServiceTypes& types(registry::ZoneId zone) const {
    return types_.at(static_cast<std::size_t>(zone));
  }
  // Every service type of the zone, in an order that stays, until the visitor says false. visit(service's name, protocol)
  template <std::predicate<std::string_view, registry::Protocol> F>
  void for_each_type(registry::ZoneId zone, F&& visit) const {
    types(zone).for_each_until([&](const ServiceAnswers& answers) {
      for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
        const View* view = answers.find_protocol(protocol);
        if (view != nullptr && view->count > 0 && !visit(answers.key().name, protocol)) return false;
      }
      return true;
    });
  }

 private:
  using Now = std::optional<registry::LeaseTime>;
  [[nodiscard]] RosterName find_below_service(registry::ZoneId zone, const dns::QuestionName& name,
                                              std::size_t own_labels, Now now) const noexcept;
  [[nodiscard]] RosterName find_below_protocol(registry::ZoneId zone, const dns::QuestionName& name,
                                               std::size_t own_labels, registry::Protocol protocol,
                                               Now now) const noexcept;
  [[nodiscard]] RosterName find_below_subtypes(const ServiceAnswers& answers, const View& view,
                                               const dns::QuestionName& name, std::size_t own_labels,
                                               registry::Protocol protocol) const noexcept;
  [[nodiscard]] RosterName find_reverse(const Zone& zone, const dns::QuestionName& name) const noexcept;
  // The service's answers; null: it has none, or another service has its label.
  [[nodiscard]] const ServiceAnswers* find_own(const registry::ServiceRef& service) const;
  [[nodiscard]] std::string label_of(const registry::Service& service) const;
  void set_label(const registry::ServiceRef& service, std::string_view label);
  void remove(const ServiceAnswers& answers);
  void update_reverse(const ServiceAnswers* before, const ServiceAnswers* now);
  void count(registry::ZoneId zone, registry::ProtocolSet was, registry::ProtocolSet is);
  void list_type(const ServiceAnswers& answers);

  const Zones& zones_;
  PolicyOf policy_of_;
  ServiceIndex services_;
  std::vector<ServiceTypes> types_;      // by ZoneId
  std::optional<ReverseNames> reverse_;  // where a reverse zone is served
  // How many services of a zone have been seen with each protocol: whether `_tcp.Z` exists. By ZoneId.
  struct ProtocolCounts {
    std::array<std::atomic<std::uint32_t>, 2> services{};
  };
  std::vector<ProtocolCounts> protocol_counts_;
  // Services whose label in the DNS is not their name, and by that label whose it is: few, as all of them are of other doors than
  // the native one. The writer's.
  std::map<registry::ServiceKey, std::string> labels_;
  std::map<registry::ServiceKey, std::string> names_;
  std::atomic<std::size_t> renamed_{0};  // how many there are: readers need not look where there are none
};

}  // namespace rollcall::answer
