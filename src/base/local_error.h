// Errors of system calls whose cause is this process or this machine, and not the peer: no descriptor, no memory or no
// local port is left. They say nothing about the peer.
#pragma once

#include <cerrno>

namespace rollcall {

[[nodiscard]] constexpr bool is_local_error(int error) noexcept {
  switch (error) {
    case EMFILE:         // this process has no descriptor left (RLIMIT_NOFILE)
    case ENFILE:         // the system has none left
    case ENOBUFS:        // no memory for the network
    case ENOMEM:         //
    case ENOSPC:         // too many watches of epoll
    case EADDRNOTAVAIL:  // no local port is left, or no local address of this kind
    case EADDRINUSE:     // likewise
    case EAGAIN:         // likewise; or no thread can be started
      return true;
    default: return false;
  }
}

}  // namespace rollcall
