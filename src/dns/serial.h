// Serial numbers of zones: 32 bits that go round.
//
// Source   RFC 1982 §3.2. Of two serials half the circle apart neither is newer.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rollcall::dns {

using Serial = std::uint32_t;

[[nodiscard]] constexpr bool is_newer(Serial a, Serial b) {
  constexpr Serial k_half = 0x8000'0000U;
  return a != b && a - b < k_half;
}

// In an SOA's RDATA the serial is the first of five numbers at its end (RFC 1035 §3.3.13).
inline constexpr std::size_t k_soa_serial_from_end = 20;

}  // namespace rollcall::dns
