// From a service's prebuilt answers to references (section_list.h): who is alive, with which TTL. The encoder puts them in
// order, and cuts what does not fit.
//
// TTL      min(the service's answer TTL, whole seconds left of the earliest lease in the RRset), one value for all of it: no
//          cache outlives a lease. Of a lease that is held elsewhere and past, see Lease::cached_until.
// Shape    a set names its members by position, or its addresses as they lie in the service's block or in Scratch. A look-up
//          answers with one set of the roll at most, so what lies in Scratch stays until it is encoded.
// Owner    lives for one call; borrows everything.
// Threads  one worker, under its ReadLock.
// Source   RFC 2782, RFC 2181 §5.2; RFC 6763; RFC 9460.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "answer/encode/section_list.h"
#include "answer/roster/member_order.h"
#include "answer/roster/service_answers.h"
#include "base/random.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

class ServiceCollector {
 public:
  // `is_given`: false when nobody will get the answer, and so no cache will hold it.
  ServiceCollector(SectionList& sections, const ServiceAnswers& answers, registry::LeaseTime now, Random& random,
                   Scratch& scratch, bool is_given = true)
      : sections_(sections), answers_(answers), now_(now), random_(random), scratch_(scratch), is_given_(is_given) {}

  // Whether the view has a ready member whose lease goes on: `when_empty` asks.
  [[nodiscard]] bool has_live(const View& view) const;
  [[nodiscard]] bool is_live(const Member& member) const { return member.instance->lease.is_alive(now_); }

  // Answers for a view. True: at least one record.
  bool put_addresses(const Owner& owner, const View& view, Family family);
  bool put_srv(const Owner& owner, const View& view);

  // Answers for one member. False: it has none, or its lease has ended.
  bool put_addresses(const Owner& owner, const Member& member, Family family);
  bool put_srv(const Owner& owner, const Member& member);
  bool put_txt(const Owner& owner, const Member& member);

  // DNS-SD (RFC 6763): PTR from the view's name to `label.<instances>` for each member of the protocol.
  bool put_ptr(const Owner& owner, const View& view, registry::Protocol protocol, Bytes instances);
  // SVCB or HTTPS (RFC 9460), one for each ready member that offers TLS (tls_offer.h): its own name, port, addresses as
  // hints, and `alpn` from its meta.
  bool put_svcb(const Owner& owner, const View& view, dns::Type type);

  // The addresses of one family as additional records of a name that a record of the zone file points at: those an answer
  // would have, with its TTL; all of them or none.
  void put_additional(const Owner& owner, const View& view, Family family);
  void put_additional(const Owner& owner, const Member& member, Family family);

 private:
  struct AddressChoice;  // what may be put: octets, weights, TTL

  [[nodiscard]] std::uint32_t ttl_until(registry::LeaseTime end) const;
  [[nodiscard]] std::uint32_t ttl_of(const Member& member) const;
  [[nodiscard]] std::uint32_t full_ttl() const { return answers_.policy().ttl_seconds; }
  [[nodiscard]] bool leases_reach_full_ttl() const;
  void note_answered(std::uint32_t ttl) const {
    if (is_given_) answers_.note_answered(now_, ttl);
  }
  [[nodiscard]] std::span<const std::uint32_t> live_members(const View& view, std::uint32_t& ttl);
  [[nodiscard]] std::span<const std::uint32_t> live_offering(const View& view, dns::Type type, std::uint32_t& ttl);
  [[nodiscard]] AddressChoice choose_addresses(const View& view, Family family);
  void gather_addresses(std::span<const std::uint32_t> members, Family family);
  void put_srv(const Owner& owner, const MemberRdata& rdata, std::uint32_t ttl);
  void put_additional_set(const Owner& owner, Family family, std::uint32_t ttl, Bytes octets,
                          std::span<const std::uint32_t> order);

  SectionList& sections_;
  const ServiceAnswers& answers_;
  const registry::LeaseTime now_;
  Random& random_;
  Scratch& scratch_;
  const bool is_given_;
};

}  // namespace rollcall::answer
