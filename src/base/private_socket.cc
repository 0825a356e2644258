#include "base/private_socket.h"

#include <unistd.h>

#include "base/local_error.h"

namespace rollcall {
namespace {

void write_note(void* note, int error) {
  if (note != nullptr && (error == 0 || is_local_error(error))) *static_cast<int*>(note) = error;
}

}  // namespace

int open_private_socket(int family, int type, int protocol) noexcept {
  return ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

void close_socket(int socket) noexcept { ::close(socket); }

int PrivateSockets::open(int family, int type, int protocol, void* note) {
  const int opened = open_private_socket(family, type, protocol);
  write_note(note, opened < 0 ? errno : 0);
  return opened;
}

int PrivateSockets::close(int socket, void*) { return ::close(socket); }

int PrivateSockets::connect(int socket, const sockaddr* address, socklen_t size, void* note) {
  const int connected = ::connect(socket, address, size);
  if (connected < 0 && errno != EAGAIN) write_note(note, errno);
  return connected;
}

ssize_t PrivateSockets::receive(int socket, void* octets, std::size_t size, int flags, sockaddr* from,
                                socklen_t* from_size, void*) {
  return ::recvfrom(socket, octets, size, flags, from, from_size);
}

ssize_t PrivateSockets::send(int socket, const iovec* parts, int count, void*) {
  // What writev would do, without the signal of a connection that has ended.
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

}  // namespace rollcall
