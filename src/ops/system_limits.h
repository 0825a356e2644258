// Limits of the operating system (file descriptors, threads, memory), and messages when they are too low.
//
// Threads  main, at start.
#pragma once

#include <cstddef>
#include <exception>
#include <string>

#include "ops/settings.h"

namespace rollcall::ops {

// Converts an exception at start into one sentence for the operator. Libraries throw various exceptions when the system
// refuses a file descriptor, a thread or memory.
[[nodiscard]] std::string sentence_of(const std::exception& failed);

// Starts liburcu's reclamation thread early, before the server answers clients. liburcu starts it at first use and
// aborts the process if that fails. Throws std::system_error if no thread can be started.
void start_reclaiming();

// Logs a warning if the limit of open files is lower than the settings may need.
void warn_of_open_files(const Settings& settings, std::size_t allowed);

}  // namespace rollcall::ops
