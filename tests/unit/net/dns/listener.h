// A secondary as the tests play it: a UDP socket of its own on loopback. A message that does not come within half a minute
// fails its test.
#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <cstring>
#include <optional>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

#include "base/ip_address.h"
#include "catch.h"

namespace rollcall::net::testing {

using Octets = std::vector<std::uint8_t>;

class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    endpoint_ = {*IpAddress::parse("127.0.0.1"), ntohs(address.sin_port)};
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] const IpEndpoint& endpoint() const { return endpoint_; }
  Octets hear() {
    const std::optional<Octets> heard = receive(0);
    REQUIRE(heard);
    return *heard;
  }
  [[nodiscard]] bool has_heard_more() { return receive(MSG_DONTWAIT).has_value(); }
  // To whoever was heard last.
  void say(const Octets& octets) const {
    REQUIRE(::sendto(fd_, octets.data(), octets.size(), 0, reinterpret_cast<const sockaddr*>(&from_), sizeof(from_)) ==
            static_cast<ssize_t>(octets.size()));
  }
  // The message itself, as the reply to it.
  Octets hear_and_confirm() {
    Octets heard = hear();
    Octets reply(heard.begin(), heard.begin() + 12);
    reply[2] |= 0x80U;
    std::memset(reply.data() + 4, 0, 8);
    say(reply);
    return heard;
  }

 private:
  std::optional<Octets> receive(int flags) {
    Octets octets(2048);
    socklen_t size = sizeof(from_);
    const ssize_t got =
        ::recvfrom(fd_, octets.data(), octets.size(), flags, reinterpret_cast<sockaddr*>(&from_), &size);
    if (got < 0) return std::nullopt;
    octets.resize(static_cast<std::size_t>(got));
    return octets;
  }

  int fd_;
  IpEndpoint endpoint_;
  sockaddr_in from_{};
};

}  // namespace rollcall::net::testing
