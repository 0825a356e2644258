// Sockets of the operating system, bound as Rollcall needs them.
//
// Owner    a Descriptor owns its file descriptor.
// Failure  Errc::start_up with one sentence that names the address.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace rollcall::net {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// One DNS address: a UDP socket per worker (SO_REUSEPORT: the kernel spreads the clients) and one TCP socket that
// listens, all on the same port.
struct DnsSockets {
  IpEndpoint endpoint;  // with the port that was picked, where 0 was asked for
  std::vector<Descriptor> udp;
  Descriptor tcp;
};
// UDP sockets wait in recvmmsg; a TcpListener keeps its socket from waiting. No answer over UDP has more than `udp_payload` octets. `setting`:
// where another address is chosen, for the sentence of one that is taken.
[[nodiscard]] Result<DnsSockets> bind_dns(const IpEndpoint& endpoint, std::size_t workers, std::size_t udp_payload,
                                          std::string_view setting = "--dns ADDR:PORT or dns.listen");
// Sockets that were bound by somebody else get the same options. Every one of them has its worker; where there are more
// workers than sockets, workers share them: the kernel wakes one for each datagram.
[[nodiscard]] Result<void> adopt_dns(DnsSockets& sockets, std::size_t workers, std::size_t udp_payload);

struct TcpSocket {
  IpEndpoint endpoint;
  Descriptor descriptor;
};
[[nodiscard]] Result<TcpSocket> bind_tcp(const IpEndpoint& endpoint,
                                         std::string_view setting = "--http ADDR:PORT or http.listen");

// What a socket is bound to; empty: it is none of IPv4 or IPv6.
[[nodiscard]] std::optional<IpEndpoint> own_endpoint(const Descriptor& socket);
[[nodiscard]] std::optional<IpEndpoint> own_endpoint(int socket);

// Lifts the soft limit of open files to the hard one. Returns the limit in force.
std::size_t raise_open_files_limit();

// The address of a peer; an IPv4-mapped one as IPv4.
[[nodiscard]] IpAddress address_of(const sockaddr_storage& peer);

}  // namespace rollcall::net
