// RAII wrapper of a TCP socket, to check whether a port answers, and to find a free port.
//
// Owner    the object owns its file descriptor.
// Threads  one thread.
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

  // Returns false if the connection is refused, or on timeout. Makes the socket non-blocking.
  [[nodiscard]] bool connect(const IpEndpoint& peer, std::chrono::milliseconds timeout) const;
  [[nodiscard]] bool bind(const IpEndpoint& own) const;
  [[nodiscard]] std::optional<IpEndpoint> own_endpoint() const;

 private:
  explicit Socket(int fd) : fd_(fd) {}
  int fd_;
};

// A local TCP port that is not in use at the moment.
[[nodiscard]] std::optional<std::uint16_t> find_free_port();

}  // namespace rollcall::cli
