// The JSON of a registration: what is sent to a registry, and what is read of its answers.
//
// Failure  empty for an answer that is not a registry's.
// Source   interface.md §4.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rollcall/registration.h"

namespace rollcall::client {

// The body of POST /v1/heartbeat. What the settings leave to the registry is not in it.
[[nodiscard]] std::string registration_body(const RegistrationSettings& settings,
                                            std::span<const std::string> addresses);

struct Acknowledged {
  std::string id;
  std::string name;  // in the DNS; empty where the registry does not say
  std::chrono::milliseconds lease{0};
};
[[nodiscard]] std::optional<Acknowledged> parse_acknowledgement(std::string_view body);

// Of an answer to drain: no cache holds the instance any more.
[[nodiscard]] std::optional<bool> parse_is_safe(std::string_view body);

}  // namespace rollcall::client
