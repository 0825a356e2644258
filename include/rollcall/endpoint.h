// One place where a service can be reached, as an SRV record names it.
//
// Shape    value. `target` and `port` are its identity: two endpoints with the same are the same one, whatever their
//          addresses are at the moment. Letter case of `target` does not matter.
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
  std::uint16_t priority = 0;               // lower is asked first
  std::uint16_t weight = 0;                 // share within a priority
  std::vector<std::string> addresses = {};  // IPv4 and IPv6 literals; of what a Resolver gives out, one at least

  // The first address; the target where there is none.
  [[nodiscard]] const std::string& address() const { return addresses.empty() ? target : addresses.front(); }
  // "192.0.2.1:8080", "[2001:db8::1]:8080": the first address with the port.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace rollcall
