#include "net/tcp_listener.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <sys/socket.h>
#include <utility>

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

// Out of file descriptors: those in use come back sooner than a busy loop would find them.
constexpr std::chrono::milliseconds k_pause_after_failure{50};

asio::ip::tcp protocol_of(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size);
  return storage.ss_family == AF_INET ? asio::ip::tcp::v4() : asio::ip::tcp::v6();
}

IpAddress peer_of(asio::ip::tcp::socket& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getpeername(socket.native_handle(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return address_of(storage);
}

}  // namespace

Connection::Connection(EventLoop& home, asio::ip::tcp::socket peer_socket, ConnectionCounters& connection_counters)
    : loop(home),
      peer(peer_of(peer_socket)),
      socket(std::move(peer_socket)),
      counters(connection_counters),
      place_(&connection_counters) {
  counters.open.fetch_add(1, std::memory_order_relaxed);
  counters.accepted.fetch_add(1, std::memory_order_relaxed);
}

TcpListener::TcpListener(EventLoop& loop, Descriptor socket, std::span<const std::unique_ptr<EventLoop>> loops,
                         std::size_t connections_max, ConnectionCounters& counters, Serve serve)
    : loop_(loop),
      acceptor_(loop.context(), protocol_of(socket.get()), socket.get()),
      loops_(loops),
      connections_max_(connections_max),
      counters_(counters),
      serve_(std::move(serve)) {
  static_cast<void>(socket.release());
}

asio::awaitable<void> TcpListener::run() {
  asio::steady_timer pause(loop_.context());
  while (acceptor_.is_open()) {
    EventLoop& home = *loops_[next_loop_++ % loops_.size()];
    boost::system::error_code error;
    auto accept_done = asio::redirect_error(asio::use_awaitable, error);
    asio::ip::tcp::socket socket = co_await acceptor_.async_accept(home.context(), accept_done);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      pause.expires_after(k_pause_after_failure);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    if (counters_.open.load(std::memory_order_relaxed) >= connections_max_) {
      counters_.refused.fetch_add(1, std::memory_order_relaxed);
      continue;  // the socket closes here
    }
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    serve_(Connection(home, std::move(socket), counters_));
  }
}

void TcpListener::close() {
  loop_.post([this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  });
}

}  // namespace rollcall::net
