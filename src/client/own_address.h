// The address that this machine has towards a registry: what the system would send from. Nothing is sent.
//
// Threads  blocks for the look-up of the registry's host name, until the deadline.
// Failure  Errc::unreachable with a sentence: the host is not found, or there is no way there.
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
