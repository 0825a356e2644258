// RdataReader: parsers for fields with a special notation (LOC, APL, EUI, NSAP, HIP …).
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/ascii_case.h"
#include "dns/presentation.h"
#include "dns/rdata_location.h"
#include "dns/rdata_reader.h"

namespace rollcall::dns {
namespace {

std::unexpected<Error> invalid(std::string sentence) { return failure(Errc::invalid, std::move(sentence)); }

// [!]family:address/prefix (RFC 3123 §5). Empty: something else.
std::optional<std::string> read_prefix(std::string_view token) {
  const bool is_negated = token.starts_with('!');
  if (is_negated) token.remove_prefix(1);
  const std::size_t slash = token.rfind('/');
  if (slash == std::string_view::npos || token.size() < 2 || token[1] != ':') return std::nullopt;
  const bool is_v4 = token[0] == '1';
  if (!is_v4 && token[0] != '2') return std::nullopt;
  const std::string_view literal = token.substr(2, slash - 2);
  const std::uint64_t bits_max = is_v4 ? 32 : 128;
  const auto bits = read_number(token.substr(slash + 1), bits_max);
  if (!bits || *bits > bits_max) return std::nullopt;
  std::string address;
  if (is_v4) {
    const auto octets = read_ipv4(literal);
    if (!octets) return std::nullopt;
    address.assign(octets->begin(), octets->end());
  } else {
    const auto octets = read_ipv6(literal);
    if (!octets) return std::nullopt;
    address.assign(octets->begin(), octets->end());
  }
  while (address.ends_with('\0')) address.pop_back();
  std::string wire;
  append_u16(wire, is_v4 ? 1 : 2);
  wire += static_cast<char>(*bits);
  wire += static_cast<char>(address.size() | (is_negated ? 0x80U : 0U));
  return wire + address;
}

}  // namespace

Result<void> RdataReader::read_location() {
  const Result<std::string> location = dns::read_location(std::exchange(left_, {}));
  if (!location) return std::unexpected(location.error());
  out_ += *location;
  return {};
}

Result<void> RdataReader::read_prefixes() {
  while (!left_.empty()) {
    const std::string_view token = take();
    const std::optional<std::string> prefix = read_prefix(token);
    if (!prefix) return invalid(quote(token) + " is no prefix: 1:192.0.2.0/24, !2:2001:db8::/32");
    out_ += *prefix;
  }
  return {};
}

// RFC 6742 §2.1.1: like half an IPv6 address, without `::`.
Result<void> RdataReader::read_locator() {
  constexpr std::size_t k_groups = 4;
  constexpr std::size_t k_digits_max = 4;
  std::string_view text = take();
  for (std::size_t group = 0; group < k_groups; ++group) {
    const std::size_t colon = text.find(':');
    const bool is_last = group + 1 == k_groups;
    std::string digits(text.substr(0, colon));
    if (digits.empty() || digits.size() > k_digits_max || is_last != (colon == std::string_view::npos)) {
      return unreadable();
    }
    digits.insert(0, k_digits_max - digits.size(), '0');
    if (!append_hex(out_, digits)) return unreadable();
    if (!is_last) text.remove_prefix(colon + 1);
  }
  return {};
}

// RFC 7043 §3.2, §4.2: two hexadecimal digits an octet, and hyphens between.
Result<void> RdataReader::read_eui(std::size_t octets) {
  const std::string_view token = take();
  if (token.size() != octets * 3 - 1) return unreadable();
  for (std::size_t at = 0; at < token.size(); at += 3) {
    if (!append_hex(out_, token.substr(at, 2))) return unreadable();
    if (at + 2 < token.size() && token[at + 2] != '-') return unreadable();
  }
  return {};
}

// RFC 1706 §7.
Result<void> RdataReader::read_nsap() {
  std::string digits(take());
  if (!equal_but_for_case(std::string_view(digits).substr(0, 2), "0x")) return unreadable();
  digits.erase(0, 2);
  std::erase(digits, '.');
  return !digits.empty() && append_hex(out_, digits) ? Result<void>() : unreadable();
}

// RFC 8777 §4.2: the discovery bit, then the number.
Result<void> RdataReader::read_relay_type() {
  constexpr std::uint64_t k_type_max = 0x7f;
  const auto discovery = dns::read_number(take(), 1);
  const auto type = dns::read_number(take(), k_type_max);
  if (!discovery || *discovery > 1 || !type || *type > k_type_max) return unreadable();
  out_ += static_cast<char>(*discovery << 7 | *type);
  return {};
}

// RFC 8005 §6: algorithm, tag, key; on the wire the lengths come first.
Result<void> RdataReader::read_host_identity() {
  const auto algorithm = dns::read_number(take(), 255);
  std::string tag;
  const bool has_tag = append_hex(tag, take());
  std::string key;
  const bool has_key = append_base64(key, take());
  if (!algorithm || *algorithm > 255 || !has_tag || tag.empty() || !has_key || key.empty()) return unreadable();
  if (tag.size() > 255 || key.size() > 65535) return unreadable();
  out_ += static_cast<char>(tag.size());
  out_ += static_cast<char>(*algorithm);
  append_u16(out_, static_cast<std::uint16_t>(key.size()));
  out_ += tag;
  out_ += key;
  return {};
}

}  // namespace rollcall::dns
