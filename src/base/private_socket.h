// Sockets that no command inherits: close-on-exec from their first moment (SOCK_CLOEXEC), so that a fork of another
// thread finds no gap. Asio's own open() and accept() do not do that.
//
// Owner    whoever is given the descriptor, or the Asio socket.
// Failure  -1, and errno; or an error code of the given kind.
// Threads  any.
#pragma once

#include <cerrno>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace rollcall {

// Close-on-exec and non-blocking.
[[nodiscard]] int open_private_socket(int family, int type, int protocol) noexcept;
void close_socket(int socket) noexcept;

// Opens a socket of Asio's.
template <class Socket, class ErrorCode>
void open_private(Socket& socket, const typename Socket::protocol_type& protocol, ErrorCode& error) {
  error = {};
  const int opened = open_private_socket(protocol.family(), protocol.type(), protocol.protocol());
  if (opened < 0) {
    error.assign(errno, error.category());  // of an error code that says nothing: the system's
    return;
  }
  socket.assign(protocol, opened, error);
  if (error) close_socket(opened);
}

// The same for c-ares (ares_set_socket_functions), in its order. `note` is an int, or null: the last local error of a
// socket (base/local_error.h), 0 once one has been opened.
struct PrivateSockets {
  static int open(int family, int type, int protocol, void* note);
  static int close(int socket, void* note);
  static int connect(int socket, const sockaddr* address, socklen_t size, void* note);
  static ssize_t receive(int socket, void* octets, std::size_t size, int flags, sockaddr* from, socklen_t* from_size,
                         void* note);
  static ssize_t send(int socket, const iovec* parts, int count, void* note);
};

}  // namespace rollcall
