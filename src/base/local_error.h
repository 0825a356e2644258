// Errors of system calls that speak of this process or this machine alone, not of whoever was to be reached: no
// descriptor, no memory, no port of our own is left. What was to be found out is not known then.
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
