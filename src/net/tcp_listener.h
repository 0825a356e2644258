// Accepts connections, holds them to a limit, and deals them out to the loops in turn.
//
// Owner    owns the listening socket; a Connection owns its socket and its place under the limit.
// Threads  the loop given first; `serve` is called there, and starts the session on the Connection's own loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/connection_counters.h"
#include "base/ip_address.h"
#include "net/event_loop.h"
#include "net/socket.h"

namespace rollcall::net {

// An accepted connection, counted as open for as long as it lives.
class Connection {
 public:
  Connection(EventLoop& home, boost::asio::ip::tcp::socket peer_socket, ConnectionCounters& counters);

  EventLoop& loop;
  IpAddress peer;
  boost::asio::ip::tcp::socket socket;
  ConnectionCounters& counters;

 private:
  struct Leave {
    void operator()(ConnectionCounters* open) const { open->open.fetch_sub(1, std::memory_order_relaxed); }
  };
  std::unique_ptr<ConnectionCounters, Leave> place_;
};

class TcpListener {
 public:
  using Serve = std::function<void(Connection)>;

  TcpListener(EventLoop& loop, Descriptor socket, std::span<const std::unique_ptr<EventLoop>> loops,
              std::size_t connections_max, ConnectionCounters& counters, Serve serve);

  // Accepts until closed or the loop ends.
  boost::asio::awaitable<void> run();
  // Any thread. No new connections; those accepted go on.
  void close();

 private:
  EventLoop& loop_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::span<const std::unique_ptr<EventLoop>> loops_;
  std::size_t next_loop_ = 0;
  const std::size_t connections_max_;
  ConnectionCounters& counters_;
  Serve serve_;
};

}  // namespace rollcall::net
