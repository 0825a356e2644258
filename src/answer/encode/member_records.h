// Records of a service's members, from prebuilt RDATA to octets: addresses, and SRV. For the encoder and the fast answer
// alike.
//
// Room     the caller's business: each function returns where its records end.
// Threads  pure; under the ReadLock that holds the answers.
// Source   RFC 1035 §3.4.1, RFC 3596, RFC 2782.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "answer/encode/record_head.h"
#include "answer/roster/service_answers.h"
#include "base/bytes.h"

namespace rollcall::answer {

constexpr dns::Type type_of(Family family) { return family == Family::v4 ? dns::Type::a : dns::Type::aaaa; }
constexpr std::size_t address_record_bytes(Family family) { return k_record_head_bytes + octets_of(family); }

template <std::size_t Octets>
std::uint8_t* store_address_records(std::uint8_t* at, const std::uint8_t* addresses, std::size_t count,
                                    std::span<const std::uint32_t> order, const RecordHead& head) {
  for (std::size_t i = 0; i < count; ++i) {
    head.copy_to(at);
    std::memcpy(at + k_record_head_bytes, addresses + (order.empty() ? i : order[i]) * Octets, Octets);
    at += k_record_head_bytes + Octets;
  }
  return at;
}
// One record for each of the first `count` in this order; no order: as they lie.
inline std::uint8_t* store_address_records(std::uint8_t* at, Family family, Bytes addresses, std::size_t count,
                                           std::span<const std::uint32_t> order, std::size_t owner_at,
                                           std::uint32_t ttl) {
  const RecordHead head(owner_at, type_of(family), ttl, octets_of(family));
  return family == Family::v4 ? store_address_records<4>(at, addresses.data(), count, order, head)
                              : store_address_records<16>(at, addresses.data(), count, order, head);
}

// The target's name begins this many octets behind the record's first.
inline constexpr std::size_t k_target_in_srv_record = k_record_head_bytes + k_target_in_srv;
inline std::size_t srv_record_bytes(const Member& member) { return k_record_head_bytes + member.srv_size; }
// `is_weightless`: show_weight.
inline std::uint8_t* store_srv_record(std::uint8_t* at, const ServiceAnswers& answers, const Member& member,
                                      bool is_weightless, std::size_t owner_at, std::uint32_t ttl) {
  const Bytes rdata = answers.srv(member);
  RecordHead(owner_at, dns::Type::srv, ttl, rdata.size()).copy_to(at);
  std::memcpy(at + k_record_head_bytes, rdata.data(), rdata.size());
  show_weight(is_weightless, at + k_record_head_bytes);
  return at + k_record_head_bytes + rdata.size();
}

}  // namespace rollcall::answer
