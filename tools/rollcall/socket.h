// A plain socket that is closed with its owner: to try whether a port answers, and to find a free one.
//
// Threads  one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/ip_address.h"

namespace rollcall::cli {

class Socket {
 public:
  [[nodiscard]] static Socket stream(const IpAddress& family_of);
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  // False: refused, or not connected in time. The socket is non-blocking from then on.
  [[nodiscard]] bool connect(const IpEndpoint& peer, std::chrono::milliseconds timeout) const;
  [[nodiscard]] bool bind(const IpEndpoint& own) const;
  [[nodiscard]] std::optional<IpEndpoint> own_endpoint() const;

 private:
  explicit Socket(int fd) : fd_(fd) {}
  int fd_;
};

// A TCP port of this machine that nobody uses at the moment.
[[nodiscard]] std::optional<std::uint16_t> find_free_port();

}  // namespace rollcall::cli
