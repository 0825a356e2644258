// Clocks of a measurement: the wall's, and the CPU time that another process has had.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace rollcall::bench {

inline std::uint64_t now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

// Of all threads that the processes have now, from the scheduler, to the nanosecond.
inline double cpu_seconds_of(const std::vector<int>& pids) {
  double total = 0;
  for (const int pid : pids) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
      std::uint64_t ns = 0;
      std::ifstream(task.path() / "schedstat") >> ns;
      total += static_cast<double>(ns) / 1e9;
    }
  }
  return total;
}

}  // namespace rollcall::bench
