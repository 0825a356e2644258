// The address that this machine has towards a registry: what the system would send from, without sending anything.
//
// Failure  Errc::unreachable: no address, or no way there.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "base/result.h"

namespace rollcall::cli {

[[nodiscard]] Result<std::string> own_address_towards(const std::string& url, std::chrono::milliseconds timeout,
                                                      const std::atomic<bool>& is_stopped);

}  // namespace rollcall::cli
