#include "net/supervisor/notify_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/sockets/socket.h"
#include "net/supervisor/environment.h"

namespace rollcall::net {
namespace {

constexpr timeval k_notify_wait{.tv_sec = 1, .tv_usec = 0};  // a manager that is busy takes it within a moment

std::optional<std::chrono::microseconds> watchdog_in_environment() {
  const std::optional<std::uint64_t> limit = number_in_environment<std::uint64_t>("WATCHDOG_USEC");
  const std::optional<std::uint64_t> process = number_in_environment<std::uint64_t>("WATCHDOG_PID");
  if (!limit || *limit == 0 || *limit > INT64_MAX) return std::nullopt;
  if (process && *process != static_cast<std::uint64_t>(getpid())) return std::nullopt;
  return std::chrono::microseconds(static_cast<std::int64_t>(*limit));
}

// A line break would begin another KEY=VALUE.
std::string one_line_status(std::string_view sentence) {
  std::string line(sentence);
  std::ranges::replace(line, '\n', ' ');
  return "STATUS=" + line;
}

}  // namespace

NotifySocket NotifySocket::from_environment() {
  const char* path = std::getenv("NOTIFY_SOCKET");
  // An absolute path, or "@" and an abstract name.
  if (path == nullptr || (path[0] != '/' && path[0] != '@') || path[1] == '\0') return {};
  return {path, watchdog_in_environment()};
}

void NotifySocket::status(std::string_view sentence) const { send(one_line_status(sentence)); }

void NotifySocket::ready(std::string_view status) const { send("READY=1\n" + one_line_status(status)); }

void NotifySocket::reloading() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reading settings and zones again", microseconds));
}

void NotifySocket::stopping() const { send("STOPPING=1\nSTATUS=stopping"); }

void NotifySocket::beat() const { send("WATCHDOG=1"); }

void NotifySocket::main_process(pid_t process) const { send(fmt::format("MAINPID={}", process)); }

void NotifySocket::send(std::string_view lines) const {
  if (path_.empty()) return;
  sockaddr_un address{};
  if (path_.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::ranges::copy(path_, address.sun_path);
  if (path_.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return;
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &k_notify_wait, sizeof(k_notify_wait));
  while (sendto(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                size) < 0 &&
         errno == EINTR) {
  }
}

}  // namespace rollcall::net
