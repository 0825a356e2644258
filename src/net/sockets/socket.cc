#include "net/sockets/socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <optional>
#include <span>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/sockets/passed.h"
#include "net/sockets/port_holder.h"

namespace rollcall::net {
namespace {

constexpr int k_listen_backlog = 4096;             // the kernel clips it to net.core.somaxconn
constexpr int k_receive_buffer = 4 * 1024 * 1024;  // a burst of queries waits here; the kernel clips it to rmem_max
constexpr int k_port_picks_max = 16;               // port 0: the UDP port the kernel picks may be taken for TCP

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  explicit SocketAddress(const IpEndpoint& endpoint) {
    if (endpoint.address.is_v4()) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
      v4->sin_family = AF_INET;
      v4->sin_port = htons(endpoint.port);
      std::ranges::copy(endpoint.address.bytes(), reinterpret_cast<std::uint8_t*>(&v4->sin_addr));
      size = sizeof(sockaddr_in);
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(endpoint.port);
      std::ranges::copy(endpoint.address.bytes(), reinterpret_cast<std::uint8_t*>(&v6->sin6_addr));
      size = sizeof(sockaddr_in6);
    }
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// The ports of Consul's DNS and HTTP, which are ours too.
bool is_port_of_consul(std::uint16_t port) { return port == 8500 || port == 8600; }

std::string advice_on_taken(const IpEndpoint& endpoint, Transport transport, std::string_view setting) {
  const std::string holder = find_port_holder(endpoint, transport).value_or("another rollcalld or another server");
  const char* consul = is_port_of_consul(endpoint.port) ? " (Consul uses this port too)" : "";
  return fmt::format("the address is in use by {}: stop that, or choose another address with {}{}", holder, setting,
                     consul);
}

std::unexpected<Error> cannot_listen(const IpEndpoint& endpoint, Transport transport, int error,
                                     std::string_view setting) {
  std::string advice;
  switch (error) {
    case EADDRINUSE: advice = advice_on_taken(endpoint, transport, setting); break;
    case EACCES: advice = "permission denied: ports below 1024 need root or CAP_NET_BIND_SERVICE"; break;
    case EADDRNOTAVAIL: advice = "the address does not belong to this machine"; break;
    case EMFILE: advice = "too many files are open: raise LimitNOFILE (ulimit -n)"; break;
    default: advice = std::strerror(error);
  }
  const char* name = transport == Transport::tcp ? "TCP" : "UDP";
  return failure(Errc::start_up, fmt::format("cannot listen on {} ({}): {}", endpoint.text(), name, advice));
}

void set_option(const Descriptor& socket, int level, int option, int value) {
  // A refused option costs comfort or speed, never correctness.
  static_cast<void>(setsockopt(socket.get(), level, option, &value, sizeof(value)));
}

enum class Waits : std::uint8_t { yes, no };

Descriptor open_socket(const IpEndpoint& endpoint, int type, Waits waits = Waits::no) {
  const int family = endpoint.address.is_v4() ? AF_INET : AF_INET6;
  Descriptor socket(::socket(family, type | (waits == Waits::no ? SOCK_NONBLOCK : 0) | SOCK_CLOEXEC, 0));
  if (socket.get() >= 0 && family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  return socket;
}

std::uint16_t port_of(const sockaddr_storage& storage) {
  return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in*>(&storage)->sin_port
                                            : reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
}

std::uint16_t bound_port(const Descriptor& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size);
  return port_of(storage);
}

// The flag is the open file's, so whoever else has the socket sees it too.
void let_wait(const Descriptor& socket) {
  const int flags = fcntl(socket.get(), F_GETFL);
  if (flags >= 0) static_cast<void>(fcntl(socket.get(), F_SETFL, flags & ~O_NONBLOCK));
}

// Zero, or the errno of what failed.
int bind_to(const Descriptor& socket, const IpEndpoint& endpoint) {
  if (socket.get() < 0) return errno;
  const SocketAddress address(endpoint);
  return bind(socket.get(), address.get(), address.size) == 0 ? 0 : errno;
}

// SO_REUSEPORT would let a second server of the same user in beside us: a plain socket finds out first.
int probe_udp(IpEndpoint& endpoint) {
  const Descriptor probe = open_socket(endpoint, SOCK_DGRAM);
  if (const int error = bind_to(probe, endpoint)) return error;
  endpoint.port = bound_port(probe);
  return 0;
}

// Forged fragments must not become part of an answer (RFC 9715 §3.1). So path MTU messages, which can be forged to cause
// fragmentation, are ignored, and answers that fit every path are sent with DF.
void hold_off_fragments(const Descriptor& socket, const IpEndpoint& endpoint, std::size_t udp_payload) {
  const bool fits_every_path = udp_payload <= limits::k_udp_payload_unfragmented;
  if (endpoint.address.is_v4()) {
    set_option(socket, IPPROTO_IP, IP_MTU_DISCOVER, fits_every_path ? IP_PMTUDISC_PROBE : IP_PMTUDISC_OMIT);
  } else {
    set_option(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
  }
}

int receive_buffer_of(const Descriptor& socket) {
  int octets = 0;
  socklen_t size = sizeof(octets);
  return getsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &octets, &size) == 0 ? octets : 0;
}

// Whoever has bound the socket may have been allowed a larger one than we are: it is never made smaller.
void raise_receive_buffer(const Descriptor& socket, const IpEndpoint& endpoint) {
  const Descriptor probe = open_socket(endpoint, SOCK_DGRAM);
  set_option(probe, SOL_SOCKET, SO_RCVBUF, k_receive_buffer);
  if (receive_buffer_of(probe) > receive_buffer_of(socket)) set_option(socket, SOL_SOCKET, SO_RCVBUF, k_receive_buffer);
}

void set_up_udp(const Descriptor& socket, const IpEndpoint& endpoint, std::size_t udp_payload) {
  raise_receive_buffer(socket, endpoint);
  hold_off_fragments(socket, endpoint, udp_payload);
  if (endpoint.address.is_unspecified()) {
    // The answer must leave from the address the query went to.
    if (endpoint.address.is_v4()) {
      set_option(socket, IPPROTO_IP, IP_PKTINFO, 1);
    } else {
      set_option(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    }
  }
}

int open_udp_worker(const IpEndpoint& endpoint, std::size_t udp_payload, Descriptor& socket) {
  socket = open_socket(endpoint, SOCK_DGRAM, Waits::yes);
  if (socket.get() < 0) return errno;
  set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  set_up_udp(socket, endpoint, udp_payload);
  return bind_to(socket, endpoint);
}

int open_tcp_listener(const IpEndpoint& endpoint, Descriptor& socket) {
  socket = open_socket(endpoint, SOCK_STREAM);
  if (socket.get() < 0) return errno;
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);  // connections of a server that has just stopped are no obstacle
  if (const int error = bind_to(socket, endpoint)) return error;
  return listen(socket.get(), k_listen_backlog) == 0 ? 0 : errno;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Result<DnsSockets> bind_dns(const IpEndpoint& endpoint, std::size_t workers, std::size_t udp_payload,
                            std::string_view setting) {
  for (int pick = 1;; ++pick) {
    DnsSockets sockets{.endpoint = endpoint, .udp = {}, .tcp = {}};
    if (const int error = probe_udp(sockets.endpoint)) return cannot_listen(endpoint, Transport::udp, error, setting);
    if (const int error = open_tcp_listener(sockets.endpoint, sockets.tcp)) {
      if (error == EADDRINUSE && endpoint.port == 0 && pick < k_port_picks_max) continue;
      return cannot_listen(sockets.endpoint, Transport::tcp, error, setting);
    }
    for (std::size_t i = 0; i < workers; ++i) {
      if (const int error = open_udp_worker(sockets.endpoint, udp_payload, sockets.udp.emplace_back())) {
        return cannot_listen(sockets.endpoint, Transport::udp, error, setting);
      }
    }
    return sockets;
  }
}

Result<void> adopt_dns(DnsSockets& sockets, std::size_t workers, std::size_t udp_payload) {
  const std::size_t given = sockets.udp.size();
  for (const Descriptor& socket : sockets.udp) {
    set_up_udp(socket, sockets.endpoint, udp_payload);
    let_wait(socket);
  }
  for (std::size_t i = given; i < workers; ++i) {
    const int shared = fcntl(sockets.udp[i % given].get(), F_DUPFD_CLOEXEC, 0);
    if (shared < 0) return cannot_listen(sockets.endpoint, Transport::udp, errno, {});
    sockets.udp.emplace_back(shared);
  }
  return {};
}

Result<TcpSocket> bind_tcp(const IpEndpoint& endpoint, std::string_view setting) {
  TcpSocket socket{.endpoint = endpoint, .descriptor = {}};
  if (const int error = open_tcp_listener(endpoint, socket.descriptor)) {
    return cannot_listen(endpoint, Transport::tcp, error, setting);
  }
  socket.endpoint.port = bound_port(socket.descriptor);
  return socket;
}

Descriptor copy_of(int socket) { return Descriptor(fcntl(socket, F_DUPFD_CLOEXEC, 0)); }

std::optional<IpEndpoint> own_endpoint(const Descriptor& socket) { return own_endpoint(socket.get()); }

std::optional<IpEndpoint> own_endpoint(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
  if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) return std::nullopt;
  return IpEndpoint{address_of(storage), port_of(storage)};
}

IpAddress address_of(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    const auto* octets = reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr);
    return IpAddress::v4(std::span<const std::uint8_t, 4>(octets, 4));
  }
  const auto* octets = reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr);
  return IpAddress::v6(std::span<const std::uint8_t, 16>(octets, 16));
}

std::size_t raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace rollcall::net
