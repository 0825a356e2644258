// Resolves a host name to IP addresses with a deadline: an IP literal, an entry of /etc/hosts, or A and AAAA records.
//
// Threads  blocks the calling thread. Another thread may set `is_stopped` to cancel; it is checked every 50 ms.
// Failure  Errc::unknown_service: the host does not exist or has no address. Errc::unreachable: no server answered.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace rollcall::client {

// `servers`, such as "192.0.2.53:8600", replace the system's name servers; /etc/hosts is then not read.
[[nodiscard]] Result<std::vector<IpAddress>> find_host_addresses(const std::string& host,
                                                                 std::chrono::steady_clock::time_point deadline,
                                                                 const std::atomic<bool>& is_stopped,
                                                                 const std::vector<std::string>& servers = {});

}  // namespace rollcall::client
