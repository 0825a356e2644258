// Which addresses a reverse zone is about, and what their names are in it.
//
// Shape    an IPv4 zone ends at an octet (`2.0.192.in-addr.arpa`, from /0 to /32) or at a range within one (RFC 2317:
//          `0/25.2.0.192.in-addr.arpa`, `0-127.2.0.192.in-addr.arpa`), an IPv6 zone at any nibble. A name has its parts from
//          the last to the first: octets in decimal, or nibbles in hexadecimal.
// Failure  Errc::invalid with a sentence, for an apex that is about no such set of addresses.
// Threads  immutable.
// Source   RFC 1035 §3.5 (in-addr.arpa), RFC 3596 §2.5 (ip6.arpa), RFC 2317 §4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"
#include "dns/name.h"

namespace rollcall::answer {

// Whether the name is at or below in-addr.arpa or ip6.arpa.
[[nodiscard]] bool is_reverse(const dns::Name& name);

// What a name stands for. `address`: of a whole address.
struct ReversePlace {
  enum class Kind : std::uint8_t {
    address,
    prefix,   // fewer parts than an address has: there may be some below it
    outside,  // not of this zone's addresses, or no parts of an address
  };
  Kind kind = Kind::outside;
  IpAddress address = {};
};

class ReverseSpace {
 public:
  // `apex` is reverse.
  [[nodiscard]] static Result<ReverseSpace> parse(const dns::Name& apex);

  // Of a name at or below the apex.
  [[nodiscard]] ReversePlace place_of(const dns::QuestionName& name) const noexcept;
  // Empty: the address is not one of these.
  [[nodiscard]] std::optional<dns::Name> name_of(const IpAddress& address) const;

 private:
  using Parts = std::array<std::uint8_t, 32>;  // octets or nibbles, from the first; the rest is zero

  ReverseSpace(const dns::Name& apex, bool is_v4) : apex_(apex), is_v4_(is_v4) {}
  [[nodiscard]] Result<void> read_labels(const dns::QuestionName& name, std::size_t labels);
  [[nodiscard]] Result<void> read_range(std::string_view label);
  [[nodiscard]] std::size_t parts() const { return is_v4_ ? 4 : 32; }
  [[nodiscard]] bool parse_part(std::string_view label, std::uint8_t& part) const;
  [[nodiscard]] Parts parts_of(const IpAddress& address) const;
  [[nodiscard]] IpAddress address_of(const Parts& parts) const;
  [[nodiscard]] bool holds(std::size_t part, std::uint8_t value) const {
    return part != known_ || (value >= first_ && value <= last_);
  }

  dns::Name apex_;
  bool is_v4_;
  std::size_t apex_labels_ = 0;
  Parts begin_{};  // what all the addresses begin with: `known_` parts of it
  std::size_t known_ = 0;
  std::uint8_t first_ = 0;    // the part behind those is from here
  std::uint8_t last_ = 0xff;  // to here
};

}  // namespace rollcall::answer
