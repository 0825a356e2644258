// Waits in poll() for file descriptors with a deadline; the event loops of the commands use it.
//
// Threads  blocks the calling thread.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>

namespace rollcall::cli {

// Blocks until one of the descriptors is readable, or until the time `until`; empty: no deadline. -1 is skipped.
void wait_readable(std::initializer_list<int> descriptors, std::optional<std::chrono::steady_clock::time_point> until);

}  // namespace rollcall::cli
