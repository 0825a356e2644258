#include "net/sockets/acknowledged.h"

#include <cstddef>
#include <linux/tcp.h>  // the C library's tcp_info ends before the member that counts
#include <netinet/in.h>
#include <sys/socket.h>

namespace rollcall::net {

std::uint64_t acknowledged_bytes(int socket) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  if (size < offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) return 0;
  return info.tcpi_bytes_acked;
}

}  // namespace rollcall::net
