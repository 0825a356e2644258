#include "dns/cookie.h"

#include <algorithm>
#include <charconv>

namespace rollcall::dns {
namespace {

constexpr std::uint8_t k_version = 1;
constexpr std::int32_t k_good_for_s = 3600;  // RFC 9018 §4.3
constexpr std::int32_t k_ahead_s = 300;      // allows for clock skew between servers of an anycast group
constexpr std::int32_t k_ageing_after_s = 1800;
constexpr std::size_t k_hash_at = 16;
constexpr std::size_t k_timestamp_at = 12;

// The hash of the cookie's first sixteen octets and the client's address, as eight octets.
std::array<std::uint8_t, 8> hash_of(Bytes head, const IpAddress& client, const SipHashKey& secret) {
  std::array<std::uint8_t, k_hash_at + 16> input{};
  const auto after_head = std::ranges::copy(head.first(k_hash_at), input.begin()).out;
  const auto end = std::ranges::copy(client.bytes(), after_head).out;
  const std::uint64_t hash = siphash24({input.begin(), end}, secret);
  std::array<std::uint8_t, 8> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  return octets;
}

}  // namespace

std::optional<SipHashKey> parse_cookie_secret(std::string_view hex) {
  SipHashKey key{};
  if (hex.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char* at = hex.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, key[i], 16);
    if (error != std::errc{} || end != at + 2) return std::nullopt;
  }
  return key;
}

Cookie make_cookie(Bytes client_cookie, const IpAddress& client, std::uint32_t now, const SipHashKey& secret) {
  Cookie cookie{};
  std::ranges::copy(client_cookie.first(k_client_cookie_bytes), cookie.begin());
  cookie[k_client_cookie_bytes] = k_version;
  store_u32(cookie.data() + k_timestamp_at, now);
  std::ranges::copy(hash_of(cookie, client, secret), cookie.begin() + k_hash_at);
  return cookie;
}

CookieCheck check_cookie(Bytes cookie, const IpAddress& client, std::uint32_t now, const CookieSecrets& secrets) {
  if (cookie.size() != k_cookie_bytes || cookie[k_client_cookie_bytes] != k_version) return CookieCheck::unknown;
  const auto age = static_cast<std::int32_t>(now - load_u32(cookie.data() + k_timestamp_at));
  if (age > k_good_for_s || age < -k_ahead_s) return CookieCheck::unknown;
  const Bytes hash = cookie.subspan(k_hash_at);
  const auto made_with = std::ranges::find_if(
      secrets, [&](const SipHashKey& secret) { return std::ranges::equal(hash, hash_of(cookie, client, secret)); });
  if (made_with == secrets.end()) return CookieCheck::unknown;
  const bool is_current = made_with == secrets.begin();
  return is_current && age <= k_ageing_after_s ? CookieCheck::good : CookieCheck::ageing;
}

}  // namespace rollcall::dns
