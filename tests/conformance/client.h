// The client's side of a conversation: UDP, TCP and a little HTTP, over blocking sockets with a deadline.
//
// Owner    each object owns its socket.
// Failure  what the peer does not do in time is an empty value; what this host does not let us do is a std::system_error.
// Threads  one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "conformance/message.h"

namespace rollcall::conformance {

// How long an answer is waited for: $CONFORMANCE_PATIENCE_MS, else long enough for a server under a sanitizer on a busy
// host. Nobody waits for it who gets an answer.
[[nodiscard]] std::chrono::milliseconds patience();

struct Endpoint {
  std::string host;  // an address literal
  std::uint16_t port = 0;
  // "127.0.0.1:53", "[::1]:53"
  [[nodiscard]] static Endpoint parse(std::string_view text);
};

class Socket {
 public:
  Socket(const Endpoint& peer, int type);  // connected
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

class Udp {
 public:
  explicit Udp(const Endpoint& server);
  void send(const Octets& datagram);
  [[nodiscard]] std::optional<Octets> receive();

 private:
  Socket socket_;
};

class Tcp {
 public:
  explicit Tcp(const Endpoint& server);
  // Octets as they are, in one segment where the host agrees.
  void send_raw(const Octets& octets);
  // With the two-octet length in front.
  void send(const Octets& message);
  // One message, without its length. Empty: none came, or the connection ended before it was whole.
  [[nodiscard]] std::optional<Octets> receive();
  // Whatever the next read brings, up to 64 KiB: a length and its message, if they were written as one.
  [[nodiscard]] Octets receive_segment();
  void close_writing();
  // Whether the peer closes the connection, in time, without another octet.
  [[nodiscard]] bool is_closed_by_peer();
  [[nodiscard]] std::optional<std::string> receive_all();

 private:
  [[nodiscard]] std::optional<Octets> receive_exactly(std::size_t count);
  Socket socket_;
};

[[nodiscard]] Octets with_length(const Octets& message);

struct HttpAnswer {
  int status = 0;
  std::string body;
};
[[nodiscard]] HttpAnswer http(const Endpoint& server, std::string_view method, std::string_view target,
                              std::string_view body = {});

}  // namespace rollcall::conformance
