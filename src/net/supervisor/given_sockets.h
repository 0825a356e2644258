// Sockets that are bound already when the server starts, by a service manager (socket activation).
//
//   $LISTEN_PID     the process they are meant for
//   $LISTEN_FDS     how many; descriptors 3, 4, …
//   $LISTEN_FDNAMES their names, with colons between them (FileDescriptorName= of systemd)
//
// Kinds    a socket named "dns", "dot", "http" or "https" is that. Any other name (systemd gives the unit's) says nothing, and
//          then: UDP is DNS; TCP at the address of a UDP socket is DNS; TCP at an address of dns.tls.listen or
//          http.tls.listen is that; other TCP is HTTP.
// Owner    the caller.
// Threads  main, at start, once.
// Failure  Errc::start_up: a socket that is of no use here, half of a DNS address, TLS without a certificate.
// Source   sd_listen_fds(3), systemd.socket(5).
#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "net/sockets/socket.h"

namespace rollcall::net {

struct GivenSockets {
  std::vector<DnsSockets> dns = {};
  std::vector<TcpSocket> dns_tls = {};
  std::vector<TcpSocket> http = {};
  std::vector<TcpSocket> https = {};
  // Those of a kind stand for all addresses of that kind; else for their own alone.
  bool stand_for_kinds = true;
};

// Addresses of the settings where TLS is spoken.
struct TlsAddresses {
  std::vector<IpEndpoint> dns;
  std::vector<IpEndpoint> http;
};

struct NamedSocket {
  Descriptor descriptor;
  std::string name = {};
};

// What the environment says, close-on-exec from now on; none: nothing was given.
[[nodiscard]] std::vector<NamedSocket> sockets_of_environment();

[[nodiscard]] Result<GivenSockets> sort_by_kind(std::vector<NamedSocket> sockets, const TlsAddresses& tls);

}  // namespace rollcall::net
