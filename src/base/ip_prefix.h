// Networks: an address and how many of its leading bits count, and lists of them.
//
// Shape    values; a set is sorted ranges of addresses, so that asking costs a binary search however long the list is.
// Threads  a set is immutable once made.
// Source   RFC 4632 §3.1, RFC 4291 §2.3 (notation).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace rollcall {

// The first `bits` bits of the address, the rest as `fill` says. `bits` is at most 32 or 128.
enum class HostBits : std::uint8_t { zero, one };
[[nodiscard]] IpAddress with_host_bits(const IpAddress& address, unsigned bits, HostBits fill);

class IpPrefix {
 public:
  // "192.0.2.0/24", "2001:db8::/32"; an address alone is that address. Empty for anything else, and where a bit behind
  // the prefix is set: whoever writes that means something else.
  [[nodiscard]] static std::optional<IpPrefix> parse(std::string_view text);

  [[nodiscard]] const IpAddress& address() const { return address_; }
  [[nodiscard]] unsigned bits() const { return bits_; }
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpPrefix(const IpAddress& address, unsigned bits) : address_(address), bits_(bits) {}

  IpAddress address_;
  unsigned bits_;
};

class IpPrefixSet {
 public:
  IpPrefixSet() = default;
  explicit IpPrefixSet(std::span<const IpPrefix> prefixes);

  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] bool contains(const IpAddress& address) const;

 private:
  struct Range {
    IpAddress first;
    IpAddress last;
  };
  std::vector<Range> ranges_;  // ascending, none touching the next in a common address
};

}  // namespace rollcall
