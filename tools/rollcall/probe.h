// Whether a program answers on its port, asked from outside: `--probe` of `run`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::cli {

// "tcp": the port takes a connection; "http:/path": GET is answered with 200 to 399; "none": always well.
// Errc::start_up: it is none of these.
[[nodiscard]] Result<std::function<bool()>> make_probe(std::string_view text, const std::string& address,
                                                       std::uint16_t port, std::chrono::milliseconds timeout);

}  // namespace rollcall::cli
