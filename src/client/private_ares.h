// Socket functions for c-ares that set close-on-exec, so that child processes do not inherit its sockets.
#pragma once

#include <ares.h>

#include "base/private_socket.h"

namespace rollcall::client {

inline constexpr ares_socket_functions k_private_sockets{.asocket = PrivateSockets::open,
                                                         .aclose = PrivateSockets::close,
                                                         .aconnect = PrivateSockets::connect,
                                                         .arecvfrom = PrivateSockets::receive,
                                                         .asendv = PrivateSockets::send};

}  // namespace rollcall::client
