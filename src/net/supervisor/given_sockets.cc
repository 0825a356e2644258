#include "net/supervisor/given_sockets.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "net/supervisor/environment.h"

namespace rollcall::net {
namespace {

constexpr int k_first_given = 3;  // SD_LISTEN_FDS_START
constexpr int k_given_max = 256;  // more than any settings name addresses

enum class Kind : std::uint8_t { dns_udp, dns_tcp, dns_tls, http, https };

struct Sorted {
  Descriptor descriptor;
  IpEndpoint endpoint;
  bool is_udp = false;
  std::string name;
};

std::optional<int> option_of(const Descriptor& socket, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (getsockopt(socket.get(), SOL_SOCKET, option, &value, &size) != 0) return std::nullopt;
  return value;
}

std::unexpected<Error> refuse(const Descriptor& socket, std::string_view why) {
  return failure(Errc::start_up, fmt::format("the socket given as descriptor {} {}", socket.get(), why));
}

Result<Sorted> look_at(NamedSocket given) {
  const std::optional<int> type = option_of(given.descriptor, SO_TYPE);
  const std::optional<IpEndpoint> endpoint = own_endpoint(given.descriptor);
  if (!type || !endpoint) return refuse(given.descriptor, "is none of IPv4 or IPv6: see its .socket unit");
  const bool is_udp = *type == SOCK_DGRAM;
  if (!is_udp && (*type != SOCK_STREAM || option_of(given.descriptor, SO_ACCEPTCONN) != 1)) {
    return refuse(given.descriptor, "takes no connections: write Accept=no in its .socket unit");
  }
  return Sorted{std::move(given.descriptor), *endpoint, is_udp, std::move(given.name)};
}

bool is_listed(const std::vector<IpEndpoint>& endpoints, const IpEndpoint& endpoint) {
  return std::ranges::find(endpoints, endpoint) != endpoints.end();
}

Kind kind_of(const Sorted& socket, const std::vector<IpEndpoint>& udp, const TlsAddresses& tls) {
  if (socket.is_udp) return Kind::dns_udp;
  if (socket.name == "dns") return Kind::dns_tcp;
  if (socket.name == "dot") return Kind::dns_tls;
  if (socket.name == "http") return Kind::http;
  if (socket.name == "https") return Kind::https;
  if (is_listed(udp, socket.endpoint)) return Kind::dns_tcp;
  if (is_listed(tls.dns, socket.endpoint)) return Kind::dns_tls;
  return is_listed(tls.http, socket.endpoint) ? Kind::https : Kind::http;
}

DnsSockets& dns_at(GivenSockets& given, const IpEndpoint& endpoint) {
  const auto at = std::ranges::find(given.dns, endpoint, &DnsSockets::endpoint);
  if (at != given.dns.end()) return *at;
  return given.dns.emplace_back(DnsSockets{.endpoint = endpoint, .udp = {}, .tcp = {}});
}

void add(GivenSockets& given, Kind kind, Sorted socket) {
  TcpSocket tcp{.endpoint = socket.endpoint, .descriptor = {}};
  switch (kind) {
    case Kind::dns_udp: dns_at(given, socket.endpoint).udp.push_back(std::move(socket.descriptor)); return;
    case Kind::dns_tcp: dns_at(given, socket.endpoint).tcp = std::move(socket.descriptor); return;
    case Kind::dns_tls:
    case Kind::http:
    case Kind::https: break;
  }
  tcp.descriptor = std::move(socket.descriptor);
  std::vector<TcpSocket>& to = kind == Kind::http ? given.http : kind == Kind::https ? given.https : given.dns_tls;
  to.push_back(std::move(tcp));
}

Result<void> check_whole(const GivenSockets& given, const TlsAddresses& tls) {
  for (const DnsSockets& each : given.dns) {
    if (!each.udp.empty() && each.tcp.get() >= 0) continue;
    const bool has_udp = !each.udp.empty();
    return failure(Errc::start_up,
                   fmt::format("a socket for DNS was given for {} over {} alone: DNS needs both, so add {}={} to the "
                               ".socket unit",
                               each.endpoint.text(), has_udp ? "UDP" : "TCP",
                               has_udp ? "ListenStream" : "ListenDatagram", each.endpoint.text()));
  }
  const auto refuse_tls = [](const TcpSocket& socket, std::string_view table) {
    return failure(Errc::start_up,
                   fmt::format("a socket for TLS was given for {}, and [{}] is not set: name its listen, "
                               "certificate and key",
                               socket.endpoint.text(), table));
  };
  if (!given.dns_tls.empty() && tls.dns.empty()) return refuse_tls(given.dns_tls.front(), "dns.tls");
  if (!given.https.empty() && tls.http.empty()) return refuse_tls(given.https.front(), "http.tls");
  return {};
}

}  // namespace

std::vector<NamedSocket> sockets_of_environment() {
  std::vector<NamedSocket> sockets;
  if (number_in_environment<int>("LISTEN_PID") != getpid()) return sockets;
  const int count = std::clamp(number_in_environment<int>("LISTEN_FDS").value_or(0), 0, k_given_max);
  const char* const text = std::getenv("LISTEN_FDNAMES");
  std::string_view names = text == nullptr ? "" : text;
  for (int i = 0; i < count; ++i) {
    const std::size_t end = std::min(names.find(':'), names.size());
    const int descriptor = k_first_given + i;
    static_cast<void>(fcntl(descriptor, F_SETFD, FD_CLOEXEC));
    sockets.push_back({Descriptor(descriptor), std::string(names.substr(0, end))});
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return sockets;
}

Result<GivenSockets> sort_by_kind(std::vector<NamedSocket> sockets, const TlsAddresses& tls) {
  std::vector<Sorted> all;
  std::vector<IpEndpoint> udp;
  for (NamedSocket& each : sockets) {
    Result<Sorted> socket = look_at(std::move(each));
    if (!socket) return std::unexpected(socket.error());
    if (socket->is_udp) udp.push_back(socket->endpoint);
    all.push_back(std::move(*socket));
  }
  GivenSockets given;
  for (Sorted& socket : all) {
    const Kind kind = kind_of(socket, udp, tls);
    add(given, kind, std::move(socket));
  }
  if (const Result<void> checked = check_whole(given, tls); !checked) return std::unexpected(checked.error());
  return given;
}

}  // namespace rollcall::net
