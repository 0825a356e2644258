// A block of addresses: 192.0.2.0/24, 2001:db8::/32, or one address.
//
// Shape    value; the bits behind the prefix are zero. An IPv4-mapped IPv6 address is the IPv4 address, so ::ffff:0:0/96
//          and longer are not written.
// Source   RFC 4632 §3.1, RFC 4291 §2.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"

namespace rollcall {

class IpPrefix {
 public:
  // ADDR/BITS, or ADDR alone. Empty for anything else, bits behind the prefix included.
  [[nodiscard]] static std::optional<IpPrefix> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpPrefix(const IpAddress& address, std::uint8_t bits) : address_(address), bits_(bits) {}
  IpAddress address_;
  std::uint8_t bits_;
};

}  // namespace rollcall
