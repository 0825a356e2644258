// Log messages about database rows that the server ignores because they break a rule: the first ones in full, and the
// number of further ones.
//
// Threads  any.
// Limits   k_ignored_rows_said_max messages per call.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "registry/ports/ports.h"

namespace rollcall::ops {

// Rows ignored at start; `count` may be larger than the number of sentences.
void log_ignored(std::string_view database, std::span<const std::string> sentences, std::size_t count);

// Instances removed at a reload because they conflict with the new zone files.
void log_set_aside(std::span<const registry::Refused> refused, const registry::ZoneDirectory& zones);

}  // namespace rollcall::ops
