// What the log says of rows that a rule keeps off the roll: the first of them, and how many more there are.
//
// Threads  any.
// Limits   k_ignored_rows_said_max at a time.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "registry/ports/ports.h"

namespace rollcall::ops {

// Found by a start; `count` may be more than there are sentences.
void log_ignored(std::string_view database, std::span<const std::string> sentences, std::size_t count);

// Set aside by a reload of the zones.
void log_set_aside(std::span<const registry::Refused> refused, const registry::ZoneDirectory& zones);

}  // namespace rollcall::ops
