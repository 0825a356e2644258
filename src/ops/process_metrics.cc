#include "ops/process_metrics.h"

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace rollcall::ops {
namespace {

// Fields of /proc/self/stat by their numbers in proc(5); the second, in brackets, may contain spaces.
constexpr std::size_t k_first_after_name = 3;
constexpr std::size_t k_utime = 14, k_stime = 15, k_start_time = 22, k_virtual_bytes = 23, k_resident_pages = 24;

using Stat = std::array<double, k_resident_pages + 1>;

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  std::string state;
  rest >> state;
  Stat stat{};
  for (std::size_t field = k_first_after_name + 1; field <= k_resident_pages; ++field) rest >> stat.at(field);
  return rest ? std::optional(stat) : std::nullopt;
}

// Seconds since the epoch.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

void put_files(MetricsSink& sink) {
  std::error_code failed;
  const std::filesystem::directory_iterator open("/proc/self/fd", failed);
  if (!failed) {
    const auto count = std::distance(begin(open), end(open)) - 1;  // without the one that lists them
    sink.gauge("process_open_fds", "Number of open file descriptors.", static_cast<double>(count));
  }
  rlimit allowed{};
  if (getrlimit(RLIMIT_NOFILE, &allowed) != 0) return;
  sink.gauge("process_max_fds", "Maximum number of open file descriptors.", static_cast<double>(allowed.rlim_cur));
}

}  // namespace

void put_process_metrics(MetricsSink& sink) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (const std::optional<Stat> stat = read_stat(); stat && ticks > 0) {
    sink.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                 ((*stat)[k_utime] + (*stat)[k_stime]) / ticks);
    sink.gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
               (*stat)[k_resident_pages] * static_cast<double>(sysconf(_SC_PAGESIZE)));
    sink.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", (*stat)[k_virtual_bytes]);
    if (const std::optional<double> boot = boot_time()) {
      sink.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
                 *boot + (*stat)[k_start_time] / ticks);
    }
  }
  put_files(sink);
}

}  // namespace rollcall::ops
