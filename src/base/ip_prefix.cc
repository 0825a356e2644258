#include "base/ip_prefix.h"

#include <charconv>

namespace rollcall {
namespace {

// Whether the addresses agree in their first `bits` bits.
bool agree(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, std::size_t bits) {
  const std::size_t whole = bits / 8;
  for (std::size_t i = 0; i < whole; ++i) {
    if (a[i] != b[i]) return false;
  }
  const unsigned rest = bits % 8;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool has_bits_behind(const IpAddress& address, std::size_t bits) {
  const std::span<const std::uint8_t> bytes = address.bytes();
  for (std::size_t bit = bits; bit < bytes.size() * 8; ++bit) {
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0) return true;
  }
  return false;
}

}  // namespace

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const std::size_t most = address->bytes().size() * 8;
  std::size_t bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.starts_with('+')) return std::nullopt;
  }
  if (bits > most || has_bits_behind(*address, bits)) return std::nullopt;
  return IpPrefix(*address, static_cast<std::uint8_t>(bits));
}

bool IpPrefix::contains(const IpAddress& address) const {
  return address.is_v4() == address_.is_v4() && agree(address.bytes(), address_.bytes(), bits_);
}

std::string IpPrefix::text() const { return address_.text() + '/' + std::to_string(bits_); }

}  // namespace rollcall
