// Zone serial numbers: 32 bits, with wrap-around.
//
// Source   RFC 1982 §3.2. If two serials differ by exactly 2^31, neither is newer.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rollcall::dns {

using Serial = std::uint32_t;

[[nodiscard]] constexpr bool is_newer(Serial a, Serial b) {
  constexpr Serial k_half = 0x8000'0000U;
  return a != b && a - b < k_half;
}

// The serial's offset from the end of SOA RDATA, in octets: it is the first of the five last numbers (RFC 1035
// §3.3.13).
inline constexpr std::size_t k_soa_serial_from_end = 20;

}  // namespace rollcall::dns
