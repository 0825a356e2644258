// The addresses of a host, asked for with a deadline: a literal, a line of /etc/hosts, or A and AAAA from the DNS.
//
// Threads  blocks; of one thread. `is_stopped` may be set by another, and is looked at every 50 ms.
// Failure  Errc::unknown_service: there is no such host, or it has no address. Errc::unreachable: no server has said.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace rollcall::client {

// `servers`: "192.0.2.53:8600" and so on, asked instead of the system's, and then without a look at /etc/hosts.
[[nodiscard]] Result<std::vector<IpAddress>> find_host_addresses(const std::string& host,
                                                                 std::chrono::steady_clock::time_point deadline,
                                                                 const std::atomic<bool>& is_stopped,
                                                                 const std::vector<std::string>& servers = {});

}  // namespace rollcall::client
