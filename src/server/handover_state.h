// The roll as one process hands it to the next (registry::HandedRoll), as octets in a file without a name (memfd_create).
//
// Failure  reading: empty, when it is none of ours or cut short. Services of zones that are not served here are left out.
// Threads  any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/ports/handed_roll.h"
#include "registry/ports/ports.h"

namespace rollcall::server {

[[nodiscard]] std::string write_roll(const registry::HandedRoll& roll, const registry::ZoneDirectory& zones);
[[nodiscard]] std::optional<registry::HandedRoll> read_roll(std::string_view octets,
                                                            const registry::ZoneDirectory& zones);

}  // namespace rollcall::server
