// Accepts connections, enforces their limits, and distributes them over the loops in turn.
//
// Owner    owns the listening socket; a Connection owns its stream, and counts against the limits while it lives.
// Failure  a connection over a limit is closed at once, and counted. A shortage of descriptors is logged, and accepting is
//          tried again later.
// Threads  the loop given first; `serve` is called there, and starts the session on the Connection's own loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/connection_counters.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "net/sockets/client_limit.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/socket.h"
#include "net/sockets/stream.h"
#include "net/sockets/tls_context.h"

namespace rollcall::net {

// An accepted connection, counted as open for as long as it lives.
class Connection {
 public:
  Connection(EventLoop& home, const IpAddress& peer, Stream stream, ConnectionCounters& counters,
             ClientLimit::Place client_place);

  // As Stream::handshake, counted.
  boost::asio::awaitable<bool> handshake();

  EventLoop& loop;
  IpAddress peer;
  Stream socket;
  ConnectionCounters& counters;

 private:
  struct Leave {
    void operator()(ConnectionCounters* open) const { open->open.fetch_sub(1, std::memory_order_relaxed); }
  };
  std::unique_ptr<ConnectionCounters, Leave> place_;
  ClientLimit::Place client_place_;
};

// A plain connection that another process has accepted. Empty: it is over, or the client has too many.
[[nodiscard]] std::optional<Connection> adopt_connection(EventLoop& home, Descriptor socket,
                                                         ConnectionCounters& counters, ClientLimit& clients);

// What the connections of one protocol have in common, over all its listeners. Outlives them.
struct ConnectionLimits {
  std::size_t connections_max;
  ConnectionCounters& counters;
  ClientLimit& clients;
};

class TcpListener {
 public:
  using Serve = std::function<void(Connection)>;

  // `tls`: null for plain connections.
  TcpListener(EventLoop& loop, Descriptor socket, std::span<const std::unique_ptr<EventLoop>> loops,
              ConnectionLimits limits, const TlsContext* tls, Serve serve);

  // Accepts until closed or the loop ends.
  boost::asio::awaitable<void> run();
  // Any thread. No new connections; those accepted go on.
  void close();
  // The loop's thread. Connections wait in the socket, and are accepted after `resume`, or by another process that has it.
  void pause();
  void resume();
  [[nodiscard]] int descriptor() { return acceptor_.native_handle(); }

 private:
  enum class Accepted : std::uint8_t { one, none, gone, failed };

  Accepted accept_one();
  void tell_of_failure(int error);
  void admit(EventLoop& home, boost::asio::ip::tcp::socket socket);

  bool is_paused_ = false;
  EventLoop& loop_;
  const boost::asio::ip::tcp protocol_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::span<const std::unique_ptr<EventLoop>> loops_;
  std::size_t next_loop_ = 0;
  const ConnectionLimits limits_;
  const TlsContext* tls_;
  Serve serve_;
  log::Seldom trouble_;
};

}  // namespace rollcall::net
