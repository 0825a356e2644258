// The JSON of a registration: writes request bodies for a registry, and parses its answers.
//
// Threads  pure functions: any thread.
// Failure  an empty optional if the answer is not valid JSON of a registry.
// Source   interface.md §4.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rollcall/registration.h"

namespace rollcall::client {

// The body of POST /v1/heartbeat. Settings that the caller left empty are omitted: the registry uses its defaults.
[[nodiscard]] std::string registration_body(const RegistrationSettings& settings,
                                            std::span<const std::string> addresses);

struct Acknowledged {
  std::string id;
  std::string name;  // DNS name; empty if the registry does not tell it
  std::chrono::milliseconds lease{0};
};
[[nodiscard]] std::optional<Acknowledged> parse_acknowledgement(std::string_view body);

// The answer to a drain call: true if no DNS cache holds the instance any more.
[[nodiscard]] std::optional<bool> parse_is_safe(std::string_view body);

}  // namespace rollcall::client
