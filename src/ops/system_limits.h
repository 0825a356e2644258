// What the system gives to a process, and what to say where it is too little.
#pragma once

#include <cstddef>
#include <exception>
#include <string>

#include "ops/settings.h"

namespace rollcall::ops {

// A descriptor, a thread or memory that a start is not given is an exception of whatever library asked for it: one sentence.
[[nodiscard]] std::string sentence_of(const std::exception& failed);

// liburcu starts the thread that frees what was retired when it is first needed, and aborts where it gets none: here it is
// started before anybody is answered. Throws std::system_error.
void start_reclaiming();

// A warning where fewer files may be open than the settings may need.
void warn_of_open_files(const Settings& settings, std::size_t allowed);

}  // namespace rollcall::ops
