#include "dns/presentation.h"

#include <algorithm>
#include <charconv>

#include "base/ip_address.h"
#include "dns/name.h"

namespace rollcall::dns {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_ipv6_text(std::string_view token) { return token.find(':') != std::string_view::npos; }

// Decodes `\DDD` or `\X`; the caller has already consumed the backslash.
std::optional<char> take_escaped(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  if (!is_digit(text.front())) {
    const char octet = text.front();
    text.remove_prefix(1);
    return octet;
  }
  if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) return std::nullopt;
  const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (value > 255) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<char>(value);
}

// Decodes digits of `bits` bits each, most significant first. Bits left over at the end must be fewer than a digit, and
// 0.
template <class ValueOf>
bool append_digits(std::string& out, std::string_view digits, unsigned bits, ValueOf value_of) {
  unsigned held = 0;
  unsigned held_bits = 0;
  for (const char c : digits) {
    const int value = value_of(c);
    if (value < 0) return false;
    held = held << bits | static_cast<unsigned>(value);
    held_bits += bits;
    if (held_bits < 8) continue;
    held_bits -= 8;
    out += static_cast<char>(held >> held_bits & 0xffU);
    held &= (1U << held_bits) - 1;
  }
  return held_bits < bits && held == 0;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base32hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'v') return c - 'a' + 10;
  if (c >= 'A' && c <= 'V') return c - 'A' + 10;
  return -1;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

std::string quote(std::string_view token) { return "\"" + std::string(token) + "\""; }

std::optional<std::string> read_string(std::string_view token) {
  // ZoneText guarantees that a token that begins with a quote ends with an unescaped quote.
  if (token.size() >= 2 && token.front() == '"') token = token.substr(1, token.size() - 2);
  std::string octets;
  while (!token.empty()) {
    const char c = token.front();
    token.remove_prefix(1);
    if (c == '"') return std::nullopt;
    const std::optional<char> octet = c == '\\' ? take_escaped(token) : c;
    if (!octet) return std::nullopt;
    octets += *octet;
  }
  return octets;
}

std::optional<std::uint64_t> read_number(std::string_view token, std::uint64_t most) {
  if (token.empty() || !std::ranges::all_of(token, is_digit)) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, status] = std::from_chars(token.data(), token.data() + token.size(), number);
  return status != std::errc{} || number > most ? most + 1 : number;
}

std::optional<std::array<std::uint8_t, 4>> read_ipv4(std::string_view token) {
  const std::optional<IpAddress> address = IpAddress::parse(token);
  if (!address || is_ipv6_text(token)) return std::nullopt;
  std::array<std::uint8_t, 4> octets{};
  std::ranges::copy(address->bytes(), octets.begin());
  return octets;
}

std::optional<std::array<std::uint8_t, 16>> read_ipv6(std::string_view token) {
  const std::optional<IpAddress> address = IpAddress::parse(token);
  if (!address || !is_ipv6_text(token)) return std::nullopt;
  // IpAddress parses ::ffff:192.0.2.1 as an IPv4 address, but AAAA RDATA has all 16 octets (RFC 4291 §2.5.5.2).
  std::array<std::uint8_t, 16> octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::ranges::copy(address->bytes(), octets.end() - static_cast<std::ptrdiff_t>(address->bytes().size()));
  return octets;
}

void append_u16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xffU);
}

void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, static_cast<std::uint16_t>(value >> 16));
  append_u16(out, static_cast<std::uint16_t>(value & 0xffffU));
}

bool append_hex(std::string& out, std::string_view digits) {
  return digits.size() % 2 == 0 && append_digits(out, digits, 4, hex_value);
}

bool append_base64(std::string& out, std::string_view digits) {
  if (digits.size() % 4 != 0) return false;
  for (int padding = 0; padding < 2 && digits.ends_with('='); ++padding) digits.remove_suffix(1);
  return append_digits(out, digits, 6, base64_value);
}

bool append_base32hex(std::string& out, std::string_view digits) {
  return append_digits(out, digits, 5, base32hex_value);
}

}  // namespace rollcall::dns
