#include "tools/rollcall/socket.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <span>
#include <sys/socket.h>
#include <unistd.h>

namespace rollcall::cli {
namespace {

// sockaddr_in or sockaddr_in6, and which.
struct SystemAddress {
  explicit SystemAddress(const IpEndpoint& endpoint) {
    if (endpoint.address.is_v4()) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(endpoint.port);
      std::ranges::copy(endpoint.address.bytes(), reinterpret_cast<std::uint8_t*>(&v4.sin_addr));
      size = sizeof(v4);
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(endpoint.port);
      std::ranges::copy(endpoint.address.bytes(), v6.sin6_addr.s6_addr);
      size = sizeof(v6);
    }
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t size = 0;
};

int family(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

}  // namespace

Socket Socket::stream(const IpAddress& family_of) {
  return Socket(::socket(family(family_of), SOCK_STREAM | SOCK_CLOEXEC, 0));
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

bool Socket::connect(const IpEndpoint& peer, std::chrono::milliseconds timeout) const {
  if (::fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) return false;
  const SystemAddress address(peer);
  if (::connect(fd_, address.get(), address.size) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd waiting{fd_, POLLOUT, 0};
  if (::poll(&waiting, 1, static_cast<int>(timeout.count())) != 1) return false;
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

bool Socket::bind(const IpEndpoint& own) const {
  const SystemAddress address(own);
  return ::bind(fd_, address.get(), address.size) == 0;
}

std::optional<IpEndpoint> Socket::own_endpoint() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    const std::span<const std::uint8_t, 4> bytes(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), 4);
    return IpEndpoint{IpAddress::v4(bytes), ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  const std::span<const std::uint8_t, 16> bytes(v6.sin6_addr.s6_addr, 16);
  return IpEndpoint{IpAddress::v6(bytes), ntohs(v6.sin6_port)};
}

std::optional<std::uint16_t> find_free_port() {
  const IpEndpoint any{*IpAddress::parse("0.0.0.0"), 0};
  const Socket socket = Socket::stream(any.address);
  if (!socket.bind(any)) return std::nullopt;
  const auto own = socket.own_endpoint();
  return own ? std::optional(own->port) : std::nullopt;
}

}  // namespace rollcall::cli
