// The words of a scenario's `register`, read by the rules of a registration.
//
// Failure  the error a client would get: a script may try what is wrong. Throws for what no script may say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "registry/instance/instance.h"
#include "scenario/script.h"

namespace rollcall::testing {

[[nodiscard]] std::uint16_t number_of(const std::string& text);

// Fills the draft, whose key has service and id as they were written.
[[nodiscard]] std::optional<Error> read_registration(const std::string& endpoint, Options& options,
                                                     registry::Registration& draft);

}  // namespace rollcall::testing
