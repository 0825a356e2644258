// Whom a Resolver asks.
//
// Shape    those of the settings, else of ROLLCALL_DNS, else of /etc/resolv.conf (through c-ares; its own default when
//          there is none).
// Failure  Errc::invalid with a sentence that names where the mistake is.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace rollcall::client {

struct NameServers {
  std::vector<IpEndpoint> servers;
  bool is_system = false;  // of /etc/resolv.conf, which may change while a program runs
};

// `environment` is the value of ROLLCALL_DNS; null: not set.
[[nodiscard]] Result<NameServers> name_servers(std::span<const std::string> settings, const char* environment);
[[nodiscard]] std::vector<IpEndpoint> system_name_servers();

// "192.0.2.53:8600", "192.0.2.53", "[2001:db8::53]:8600", "2001:db8::53".
[[nodiscard]] Result<IpEndpoint> parse_name_server(std::string_view text);

}  // namespace rollcall::client
