// SHA-256, and a comparison that does not tell by its duration where two digests differ. A door to OpenSSL's libcrypto,
// as dns/tsig.cc is another.
//
// Shape    a digest is 32 octets; as text 64 hexadecimal digits, of either case when read, lower when written.
// Threads  any.
// Source   FIPS 180-4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

inline constexpr std::size_t k_sha256_bytes = 32;
using Sha256 = std::array<std::uint8_t, k_sha256_bytes>;

[[nodiscard]] Sha256 sha256(std::string_view octets);

[[nodiscard]] std::string to_hex(const Sha256& digest);
// Empty: not 64 hexadecimal digits.
[[nodiscard]] std::optional<Sha256> parse_sha256(std::string_view hex);

// Looks at every octet, whatever the first ones say. Only the lengths may be told apart by time.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);
[[nodiscard]] bool equal_in_constant_time(const Sha256& a, const Sha256& b);

}  // namespace rollcall
