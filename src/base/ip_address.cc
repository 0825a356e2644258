#include "base/ip_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace rollcall {
namespace {

constexpr std::array<std::uint8_t, 12> k_mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291 §2.5.5.2

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view literal) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (literal.size() >= text.size() || literal.find('\0') != std::string_view::npos) return std::nullopt;
  std::ranges::copy(literal, text.begin());
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, text.data(), bytes.data()) == 1) return v4(std::span(bytes).first<4>());
  if (inet_pton(AF_INET6, text.data(), bytes.data()) == 1) return v6(bytes);
  return std::nullopt;
}

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> bytes) {
  IpAddress address;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> bytes) {
  if (std::ranges::equal(bytes.first<12>(), k_mapped_prefix)) return v4(bytes.last<4>());
  IpAddress address;
  address.is_v4_ = false;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_multicast() const {
  if (!is_v4_) return bytes_[0] == 0xff;
  return (bytes_[0] & 0xf0) == 0xe0 || std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0xff; });
}

bool IpAddress::is_loopback() const {
  if (is_v4_) return bytes_[0] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (!is_v4_) return inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  // Of every registration several times; inet_ntop would go through printf.
  char* end = text.data();
  for (const std::uint8_t byte : bytes()) {
    if (end != text.data()) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), unsigned{byte}).ptr;
  }
  return {text.data(), end};
}

std::optional<IpEndpoint> IpEndpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const std::optional<IpAddress> address = IpAddress::parse(host);
  if (!address || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  IpEndpoint endpoint{*address, 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return endpoint;
}

std::string IpEndpoint::text() const {
  const std::string host = address.is_v6() ? "[" + address.text() + "]" : address.text();
  return host + ":" + std::to_string(port);
}

}  // namespace rollcall
