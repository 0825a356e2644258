// DNS cookies: 24 octets that prove that the client receives packets at its source address (protects against spoofing).
//
// Layout   client cookie (8) | version 1 (1) | reserved (3) | timestamp (4) | SipHash-2-4 (8)
//          the hash is over client cookie, version, reserved, timestamp, client address, in that order.
// Time     wall-clock seconds, compared as serial numbers (RFC 1982): a cookie is valid for an hour, and may be up to
//          five minutes in the future.
// Secrets  the first secret creates cookies; all secrets are accepted. For a secret rollover, first add the new secret
//          to all servers of an anycast group, then make it the first one, then remove the old one (RFC 9018 §5).
// Threads  values; pure.
// Source   RFC 7873 §5, RFC 9018 §4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/siphash.h"

namespace rollcall::dns {

inline constexpr std::size_t k_client_cookie_bytes = 8;
inline constexpr std::size_t k_cookie_bytes = 24;

using Cookie = std::array<std::uint8_t, k_cookie_bytes>;
using CookieSecrets = std::vector<SipHashKey>;  // at least one

// 32 hexadecimal digits.
[[nodiscard]] std::optional<SipHashKey> parse_cookie_secret(std::string_view hex);

[[nodiscard]] Cookie make_cookie(Bytes client_cookie, const IpAddress& client, std::uint32_t now,
                                 const SipHashKey& secret);

enum class CookieCheck : std::uint8_t {
  good,     // valid and recent: the server may send it back unchanged
  ageing,   // valid, but the server should send a new one
  unknown,  // no server cookie, expired, or not from a known secret
};
// `cookie` is the option's content: 8 octets, or 16 to 40.
[[nodiscard]] CookieCheck check_cookie(Bytes cookie, const IpAddress& client, std::uint32_t now,
                                       const CookieSecrets& secrets);

}  // namespace rollcall::dns
