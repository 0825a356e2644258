// From a service's prebuilt answers into a reply: who is alive, in which order, with which TTL, and what fits.
//
// TTL      min(the service's answer TTL, whole seconds left of the earliest lease in the RRset), one value for all of
// it
//          (interface.md §2): no cache outlives a lease.
// Fit      an answer that fits is put in a fresh weighted random order, priorities first. One that does not is put in
//          the stable order, as many whole records as fit, with TC (checklist §3.1: never rotated, never none). Over
//          TCP, where nobody can ask for more, it is a fresh weighted random part instead, best priorities first.
// Source   RFC 2782, RFC 2181 §5.2, §9.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "answer/encode/reply.h"
#include "answer/roster/member_order.h"
#include "answer/roster/service_answers.h"
#include "base/random.h"
#include "registry/lease.h"

namespace rollcall::answer {

// RDATA made for each answer. TXT: `key=value` strings; no pairs at all are one empty string (RFC 6763 §6).
[[nodiscard]] std::string txt_rdata(const registry::Instance& instance);
// SVCB or HTTPS (RFC 9460) of a member that has one (tls_offer.h).
[[nodiscard]] std::string svcb_rdata(const ServiceAnswers& answers, const Member& member, dns::Type type);

class ServiceWriter {
 public:
  // `is_given`: false when nobody will get the answer, and so no cache will hold it.
  ServiceWriter(Reply& reply, const ServiceAnswers& answers, registry::LeaseTime now, Random& random, Scratch& scratch,
                bool is_given = true)
      : reply_(reply), answers_(answers), now_(now), random_(random), scratch_(scratch), is_given_(is_given) {}

  // Whether the view has a ready member whose lease goes on: `when_empty` asks.
  [[nodiscard]] bool has_live(const View& view) const;
  [[nodiscard]] bool is_live(const Member& member) const { return member.instance->lease.is_alive(now_); }

  // Answers for a view. True: at least one record, or TC.
  bool put_addresses(std::uint16_t owner_at, const View& view, Family family);
  bool put_srv(std::uint16_t owner_at, const View& view);

  // Answers for one member.
  bool put_addresses(std::uint16_t owner_at, const Member& member, Family family);
  bool put_srv(std::uint16_t owner_at, const Member& member);
  bool put_txt(std::uint16_t owner_at, const Member& member);

  // DNS-SD (RFC 6763): PTR from the view's name to `label.<instances>` for each member of the protocol.
  bool put_ptr(std::uint16_t owner_at, const View& view, registry::Protocol protocol, Bytes instances);
  // SVCB or HTTPS (RFC 9460), one for each ready member that offers TLS (tls_offer.h): its own name, port, addresses as
  // hints, and `alpn` from its meta.
  bool put_svcb(std::uint16_t owner_at, const View& view, dns::Type type);

  // The addresses of one member's own name, as additional records owned by the name at `owner_at`.
  void put_additional(std::uint16_t owner_at, const Member& member);
  // The addresses of one family as additional records of a name that a record of the zone file points at: those an answer
  // would have, with its TTL; all of them or none. It allocates.
  void put_additional(const dns::Name& owner, const View& view, Family family);
  void put_additional(const dns::Name& owner, const Member& member, Family family);

 private:
  struct AddressChoice;  // what may be put: octets, weights, TTL

  [[nodiscard]] std::uint32_t ttl_until(registry::LeaseTime end) const;
  [[nodiscard]] std::uint32_t full_ttl() const { return answers_.policy().ttl_seconds; }
  [[nodiscard]] bool leases_reach_full_ttl() const;
  void note_answered(std::uint32_t ttl) const {
    if (is_given_) answers_.note_answered(now_, ttl);
  }
  [[nodiscard]] std::span<const std::uint32_t> live_members(const View& view, std::uint32_t& ttl);
  [[nodiscard]] std::span<const std::uint32_t> live_offering(const View& view, dns::Type type, std::uint32_t& ttl);
  [[nodiscard]] AddressChoice choose_addresses(const View& view, Family family);
  void gather_addresses(std::span<const std::uint32_t> members, Family family);
  [[nodiscard]] std::size_t srv_bytes(std::span<const std::uint32_t> members) const;
  void put_srv_records(std::uint16_t owner_at, bool is_weightless, std::span<const std::uint32_t> members,
                       std::uint32_t ttl);
  void put_additionals(std::span<const std::uint32_t> members, std::uint32_t ttl);
  void put_additional_set(const dns::Name& owner, Family family, std::uint32_t ttl, std::vector<std::string> addresses);
  bool put_address_set(Section section, std::uint16_t owner_at, Family family, Bytes octets, std::uint32_t ttl);

  Reply& reply_;
  const ServiceAnswers& answers_;
  const registry::LeaseTime now_;
  Random& random_;
  Scratch& scratch_;
  const bool is_given_;
};

}  // namespace rollcall::answer
