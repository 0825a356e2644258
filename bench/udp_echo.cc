// udp-echo ADDRESS PORT: sends every datagram back to where it came from, in batches. Nothing that answers over UDP can
// cost the kernel less: what the benchmarks of the DNS call the floor.
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr unsigned k_batch = 64;
constexpr std::size_t k_datagram_bytes = 1500;

int listen_at(const char* address, unsigned long port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1) return -1;
  return bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 ? socket : -1;
}

[[noreturn]] void echo(int socket) {
  std::vector<char> room(k_batch * k_datagram_bytes);
  std::array<sockaddr_in, k_batch> peers{};
  std::array<iovec, k_batch> vectors{};
  std::array<mmsghdr, k_batch> messages{};
  for (unsigned i = 0; i < k_batch; ++i) {
    vectors[i].iov_base = room.data() + i * k_datagram_bytes;
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &peers[i];
  }
  while (true) {
    for (unsigned i = 0; i < k_batch; ++i) {
      vectors[i].iov_len = k_datagram_bytes;
      messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
    }
    const int received = recvmmsg(socket, messages.data(), k_batch, MSG_WAITFORONE, nullptr);
    if (received <= 0) continue;
    for (unsigned i = 0; i < static_cast<unsigned>(received); ++i) vectors[i].iov_len = messages[i].msg_len;
    sendmmsg(socket, messages.data(), static_cast<unsigned>(received), 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: udp-echo ADDRESS PORT\n", stderr);
    return 2;
  }
  const int socket = listen_at(argv[1], std::strtoul(argv[2], nullptr, 10));
  if (socket < 0) {
    std::perror("udp-echo: cannot listen");
    return 1;
  }
  echo(socket);
}
