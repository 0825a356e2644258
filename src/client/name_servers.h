// The name servers that a Resolver queries.
//
// Shape    the first that is set: the settings, the environment variable ROLLCALL_DNS, /etc/resolv.conf (read by
//          c-ares, which uses its own default if there is no file).
// Threads  any thread.
// Failure  Errc::invalid, with a message that says which setting is wrong.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace rollcall::client {

struct NameServers {
  std::vector<IpEndpoint> servers;
  bool is_system = false;  // they come from /etc/resolv.conf, which may change at run time
};

// `environment` is the value of ROLLCALL_DNS; null if it is not set.
[[nodiscard]] Result<NameServers> name_servers(std::span<const std::string> settings, const char* environment);
[[nodiscard]] std::vector<IpEndpoint> system_name_servers();

// "192.0.2.53:8600", "192.0.2.53", "[2001:db8::53]:8600", "2001:db8::53".
[[nodiscard]] Result<IpEndpoint> parse_name_server(std::string_view text);

}  // namespace rollcall::client
