// Health checks over the network: `--probe` of `run`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::cli {

// Returns a health check. "tcp": the port accepts a connection. "http:/path": GET returns a status from 200 to 399.
// "none": always healthy. Errc::start_up for any other text.
[[nodiscard]] Result<std::function<bool()>> make_probe(std::string_view text, const std::string& address,
                                                       std::uint16_t port, std::chrono::milliseconds timeout);

}  // namespace rollcall::cli
