#include "net/sockets/tcp_listener.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
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

Connection::Connection(EventLoop& home, const IpAddress& peer_address, Stream stream,
                       ConnectionCounters& connection_counters, ClientLimit::Place client_place)
    : loop(home),
      peer(peer_address),
      socket(std::move(stream)),
      counters(connection_counters),
      place_(&connection_counters),
      client_place_(std::move(client_place)) {
  counters.open.fetch_add(1, std::memory_order_relaxed);
  counters.accepted.fetch_add(1, std::memory_order_relaxed);
}

asio::awaitable<bool> Connection::handshake() {
  const bool is_agreed = co_await socket.handshake();
  if (socket.is_encrypted()) {
    (is_agreed ? counters.handshakes : counters.handshakes_failed).fetch_add(1, std::memory_order_relaxed);
  }
  co_return is_agreed;
}

TcpListener::TcpListener(EventLoop& loop, Descriptor socket, std::span<const std::unique_ptr<EventLoop>> loops,
                         ConnectionLimits limits, const TlsContext* tls, Serve serve)
    : loop_(loop),
      acceptor_(loop.context(), protocol_of(socket.get()), socket.get()),
      loops_(loops),
      limits_(limits),
      tls_(tls),
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
    admit(home, std::move(socket));
  }
}

// Beyond a limit the socket closes here.
void TcpListener::admit(EventLoop& home, asio::ip::tcp::socket socket) {
  ConnectionCounters& counters = limits_.counters;
  const IpAddress peer = peer_of(socket);
  std::optional<ClientLimit::Place> place;
  if (counters.open.load(std::memory_order_relaxed) < limits_.connections_max) place = limits_.clients.enter(peer);
  if (!place) {
    counters.refused.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  Stream stream(std::move(socket), tls_ == nullptr ? nullptr : tls_->current());
  serve_(Connection(home, peer, std::move(stream), counters, std::move(*place)));
}

void TcpListener::close() {
  loop_.post([this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  });
}

}  // namespace rollcall::net
