// A plain connection between two messages, on its way to another process that goes on with it.
//
// Shape    the socket, and what has been read and not answered yet: the begin of a message, or whole ones.
// Owner    whoever is given it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "net/sockets/socket.h"

namespace rollcall::net {

struct PassedConnection {
  enum class Protocol : std::uint8_t { dns, http };
  Protocol protocol{};
  Descriptor descriptor = {};
  std::string unread = {};
};

// Called on the loop that the connection has lived on.
using PassConnection = std::function<void(PassedConnection)>;

// Another descriptor of the same socket, close-on-exec; -1: there is none left.
[[nodiscard]] Descriptor copy_of(int socket);

}  // namespace rollcall::net
