// One address at which a service can be reached, taken from an SRV record.
//
// Shape    value type. `target` and `port` are the identity: two endpoints with the same target and port are the same
//          endpoint, even if their addresses differ. The letter case of `target` does not matter. (operator== compares
//          all members, not only the identity.)
// Threads  value type: copy it freely.
// Language C++20.
// Source   RFC 2782.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rollcall {

struct [[gnu::visibility("default")]] Endpoint {
  std::string target = {};                  // "web-1.web.svc.internal", without the final dot
  std::uint16_t port = 0;                   //
  std::uint16_t priority = 0;               // lower values are used first
  std::uint16_t weight = 0;                 // relative share within one priority
  std::vector<std::string> addresses = {};  // IPv4 and IPv6 literals; a Resolver always sets at least one

  // The first address, or the target if there is no address.
  [[nodiscard]] const std::string& address() const { return addresses.empty() ? target : addresses.front(); }
  // "192.0.2.1:8080", "[2001:db8::1]:8080": the first address with the port.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace rollcall
