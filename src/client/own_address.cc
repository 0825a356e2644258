#include "client/own_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ip_address.h"
#include "client/host_addresses.h"

namespace rollcall::client {
namespace {

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port, socklen_t& size) {
  SocketAddress made{};
  if (address.is_v4()) {
    made.v4.sin_family = AF_INET;
    made.v4.sin_port = htons(port);
    std::ranges::copy(address.bytes(), reinterpret_cast<std::uint8_t*>(&made.v4.sin_addr));
    size = sizeof made.v4;
    return made;
  }
  made.v6.sin6_family = AF_INET6;
  made.v6.sin6_port = htons(port);
  std::ranges::copy(address.bytes(), made.v6.sin6_addr.s6_addr);
  size = sizeof made.v6;
  return made;
}

// connect() on a UDP socket sends nothing: the kernel only chooses the route and the source address.
std::optional<IpAddress> way_to(const IpAddress& address, std::uint16_t port) {
  const int descriptor = socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return std::nullopt;
  socklen_t size = 0;
  SocketAddress name = socket_address(address, port, size);
  const bool is_known = connect(descriptor, &name.any, size) == 0 && getsockname(descriptor, &name.any, &size) == 0;
  close(descriptor);
  if (!is_known) return std::nullopt;
  if (address.is_v4())
    return IpAddress::v4(std::span<const std::uint8_t, 4>(reinterpret_cast<const std::uint8_t*>(&name.v4.sin_addr), 4));
  return IpAddress::v6(std::span<const std::uint8_t, 16>(name.v6.sin6_addr.s6_addr, 16));
}

}  // namespace

Result<std::string> own_address_towards(const BaseUrl& registry, std::chrono::steady_clock::time_point deadline,
                                        const std::atomic<bool>& is_stopped) {
  const auto addresses = find_host_addresses(registry.host, deadline, is_stopped);
  if (!addresses) return failure(Errc::unreachable, addresses.error().message);
  for (const IpAddress& address : *addresses) {
    if (const auto own = way_to(address, registry.port)) return own->text();
  }
  return failure(Errc::unreachable, "this machine has no address towards " + registry.authority());
}

}  // namespace rollcall::client
