#include "dns/cookie.h"

#include <string>

#include "catch.h"

using namespace rollcall;
using namespace rollcall::dns;

namespace {

std::vector<std::uint8_t> from_hex(std::string_view hex) {
  std::vector<std::uint8_t> result;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    result.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return result;
}

std::string hex(Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

const SipHashKey k_secret = *parse_cookie_secret("e5e973e5a6b2a43f48e7dc849e37bfcf");

}  // namespace

TEST_CASE("SipHash-2-4 gives the value of its authors' example", "[dns]") {
  SipHashKey key{};
  std::vector<std::uint8_t> input;
  for (std::uint8_t i = 0; i < 16; ++i) key[i] = i;
  for (std::uint8_t i = 0; i < 15; ++i) input.push_back(i);
  CHECK(siphash24(input, key) == 0xa129ca6149be45e5U);
}

TEST_CASE("RFC 9018 A.1: a new server cookie for a client", "[dns]") {
  const auto client = *IpAddress::parse("198.51.100.100");
  const auto cookie = make_cookie(from_hex("2464c4abcf10c957"), client, 1559731985, k_secret);
  CHECK(hex(cookie) == "2464c4abcf10c957010000005cf79f111f8130c3eee29480");
  CHECK(check_cookie(cookie, client, 1559731985, {k_secret}) == CookieCheck::good);
}

TEST_CASE("RFC 9018 A.2: a cookie half an hour old is good, and due for renewal", "[dns]") {
  const auto client = *IpAddress::parse("198.51.100.100");
  const auto old = from_hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480");
  CHECK(check_cookie(old, client, 1559734385, {k_secret}) == CookieCheck::ageing);
  CHECK(hex(make_cookie(old, client, 1559734385, k_secret)) == "2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
}

TEST_CASE("RFC 9018 A.3: reserved octets are hashed as received", "[dns]") {
  const auto client = *IpAddress::parse("203.0.113.203");
  const auto sent = from_hex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5");
  CHECK(check_cookie(sent, client, 0x5cf78f71, {k_secret}) == CookieCheck::good);
  CHECK(hex(make_cookie(sent, client, 1559734700, k_secret)) == "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
}

TEST_CASE("RFC 9018 A.4: a cookie of the old secret is good until the secret is forgotten", "[dns]") {
  const auto client = *IpAddress::parse("2001:db8:220:1:59de:d0f4:8769:82b8");
  const SipHashKey old_secret = *parse_cookie_secret("dd3bdf9344b678b185a6f5cb60fca715");
  const SipHashKey new_secret = *parse_cookie_secret("445536bcd2513298075a5d379663c962");
  const auto sent = from_hex("22681ab97d52c298010000005cf7c57926556bd0934c72f8");
  const std::uint32_t now = 0x5cf7c609;
  CHECK(check_cookie(sent, client, now, {new_secret, old_secret}) == CookieCheck::ageing);
  CHECK(check_cookie(sent, client, now, {new_secret}) == CookieCheck::unknown);
  CHECK(hex(make_cookie(sent, client, now, new_secret)) == "22681ab97d52c298010000005cf7c609a6bb79d16625507a");
}

TEST_CASE("a cookie is good for an hour, and for clocks five minutes ahead", "[dns]") {
  const auto client = *IpAddress::parse("192.0.2.1");
  const std::uint32_t made = 0xfffffff0U;  // the seconds wrap
  const auto cookie = make_cookie(from_hex("0011223344556677"), client, made, k_secret);
  CHECK(check_cookie(cookie, client, made + 3600, {k_secret}) == CookieCheck::ageing);
  CHECK(check_cookie(cookie, client, made + 3601, {k_secret}) == CookieCheck::unknown);
  CHECK(check_cookie(cookie, client, made - 300, {k_secret}) == CookieCheck::good);
  CHECK(check_cookie(cookie, client, made - 301, {k_secret}) == CookieCheck::unknown);
  CHECK(check_cookie(cookie, *IpAddress::parse("192.0.2.2"), made, {k_secret}) == CookieCheck::unknown);
}

TEST_CASE("a cookie secret is 32 hexadecimal digits", "[dns]") {
  CHECK(parse_cookie_secret("e5e973e5a6b2a43f48e7dc849e37bfcf"));
  CHECK_FALSE(parse_cookie_secret("e5e973e5a6b2a43f48e7dc849e37bfc"));
  CHECK_FALSE(parse_cookie_secret("e5e973e5a6b2a43f48e7dc849e37bfcg"));
  CHECK_FALSE(parse_cookie_secret(""));
}
