#include "base/ip_prefix.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace rollcall {
namespace {

constexpr unsigned k_mapped_bits = 96;  // of ::ffff:0:0, in front of an IPv4 address

unsigned bits_of(const IpAddress& address) { return address.is_v4() ? 32 : 128; }

}  // namespace

IpAddress with_host_bits(const IpAddress& address, unsigned bits, HostBits fill) {
  std::array<std::uint8_t, 16> octets{};
  std::ranges::copy(address.bytes(), octets.begin());
  for (unsigned i = 0; i < bits_of(address) / 8; ++i) {
    const unsigned kept = std::min(8U, bits > i * 8 ? bits - i * 8 : 0U);
    const auto host = static_cast<std::uint8_t>(0xffU >> kept);
    octets[i] = static_cast<std::uint8_t>(fill == HostBits::one ? octets[i] | host : octets[i] & ~host);
  }
  if (address.is_v4()) return IpAddress::v4(std::span(octets).first<4>());
  return IpAddress::v6(octets);
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view literal = text.substr(0, slash);
  const std::optional<IpAddress> address = IpAddress::parse(literal);
  if (!address) return std::nullopt;
  unsigned bits = bits_of(*address);
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (address->is_v4() && literal.find(':') != std::string_view::npos) {
      if (bits < k_mapped_bits) return std::nullopt;
      bits -= k_mapped_bits;
    }
  }
  if (bits > bits_of(*address) || with_host_bits(*address, bits, HostBits::zero) != *address) return std::nullopt;
  return IpPrefix(*address, bits);
}

bool IpPrefix::contains(const IpAddress& address) const {
  return address.is_v4() == address_.is_v4() && with_host_bits(address, bits_, HostBits::zero) == address_;
}

std::string IpPrefix::text() const { return address_.text() + "/" + std::to_string(bits_); }

IpPrefixSet::IpPrefixSet(std::span<const IpPrefix> prefixes) {
  std::vector<Range> all;
  for (const IpPrefix& prefix : prefixes) {
    all.push_back({prefix.address(), with_host_bits(prefix.address(), prefix.bits(), HostBits::one)});
  }
  std::ranges::sort(all, {}, &Range::first);
  // Two prefixes are apart, or one is inside the other.
  for (const Range& range : all) {
    if (ranges_.empty() || ranges_.back().last < range.first) {
      ranges_.push_back(range);
    } else {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    }
  }
}

bool IpPrefixSet::contains(const IpAddress& address) const {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::first);
  return after != ranges_.begin() && address <= std::prev(after)->last;
}

}  // namespace rollcall
