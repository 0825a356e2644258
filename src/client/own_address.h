// The local IP address of this machine that routes to a registry: the source address the kernel would use. Sends
// nothing.
//
// Shape    connects a UDP socket to the registry, and reads its local address.
// Threads  blocks for the DNS look-up of the registry's host name, until the deadline. Another thread may set
//          `is_stopped` to cancel.
// Failure  Errc::unreachable with a message: the host was not found, or there is no route to it.
// Source   connect(2) on a datagram socket, getsockname(2).
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "base/result.h"
#include "client/base_url.h"

namespace rollcall::client {

[[nodiscard]] Result<std::string> own_address_towards(const BaseUrl& registry,
                                                      std::chrono::steady_clock::time_point deadline,
                                                      const std::atomic<bool>& is_stopped);

}  // namespace rollcall::client
