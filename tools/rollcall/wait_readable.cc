#include "tools/rollcall/wait_readable.h"

#include <algorithm>
#include <cstdint>
#include <poll.h>
#include <vector>

namespace rollcall::cli {

void wait_readable(std::initializer_list<int> descriptors, std::optional<std::chrono::steady_clock::time_point> until) {
  std::vector<pollfd> watched;
  for (const int descriptor : descriptors) watched.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  int timeout = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now());
    timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }
  ::poll(watched.data(), watched.size(), timeout);
}

}  // namespace rollcall::cli
