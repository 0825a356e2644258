// The one place where a command's loop waits.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>

namespace rollcall::cli {

// Until one of the descriptors is readable, or `until`; without it for as long as that takes. -1 is no descriptor.
void wait_readable(std::initializer_list<int> descriptors, std::optional<std::chrono::steady_clock::time_point> until);

}  // namespace rollcall::cli
