// An IPv4 or IPv6 address, as it stands in an A or AAAA record.
//
// Shape    value; IPv4 in the first four bytes, network order. An IPv4-mapped IPv6 address is the IPv4 address.
// Source   RFC 1035 §3.4.1, RFC 3596 §2.2; text of IPv6 as RFC 5952.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rollcall {

class IpAddress {
 public:
  // A literal without zone index, port or brackets; empty for anything else.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view literal);
  [[nodiscard]] static IpAddress v4(std::span<const std::uint8_t, 4> bytes);
  [[nodiscard]] static IpAddress v6(std::span<const std::uint8_t, 16> bytes);

  [[nodiscard]] bool is_v4() const { return is_v4_; }
  [[nodiscard]] bool is_v6() const { return !is_v4_; }
  [[nodiscard]] bool is_unspecified() const;  // 0.0.0.0 or ::
  [[nodiscard]] bool is_multicast() const;    // 224.0.0.0/4, ff00::/8, and 255.255.255.255
  [[nodiscard]] bool is_loopback() const;     // 127.0.0.0/8, ::1

  // 4 or 16 bytes, network order: RDATA of A or AAAA.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v4_ ? 4U : 16U}; }
  [[nodiscard]] std::string text() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  bool is_v4_ = true;
  std::array<std::uint8_t, 16> bytes_{};
};

// ADDR:PORT as flags and settings have it; IPv6 in brackets ("[::1]:8600").
struct IpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;

  [[nodiscard]] static std::optional<IpEndpoint> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const IpEndpoint&, const IpEndpoint&) = default;
};

}  // namespace rollcall
