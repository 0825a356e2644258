#include "net/sockets/own_address.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <fmt/format.h>

namespace rollcall::net {

Result<IpAddress> own_address_towards(std::string_view host_and_port) {
  using boost::asio::ip::udp;
  std::string_view rest = host_and_port;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) rest.remove_prefix(scheme + 3);
  rest = rest.substr(0, rest.find('/'));
  const std::size_t colon = rest.rfind(':');
  std::string host(rest.substr(0, colon));
  const std::string port(colon == std::string_view::npos ? "0" : rest.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::asio::io_context io;
  boost::system::error_code failed;
  for (const auto& found : udp::resolver(io).resolve(host, port, failed)) {
    udp::socket socket(io);
    socket.connect(found.endpoint(), failed);
    if (failed) continue;
    const auto own = socket.local_endpoint(failed);
    if (failed) continue;
    if (const auto address = IpAddress::parse(own.address().to_string())) return *address;
  }
  return failure(Errc::unreachable, fmt::format("this host finds no address of its own towards {}", host_and_port));
}

}  // namespace rollcall::net
