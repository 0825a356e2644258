#include "net/sockets/tcp_listener.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <sys/socket.h>
#include <system_error>
#include <utility>

#include "base/counted.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

// A pause when no file descriptor is left: trying again at once would only use up the CPU.
constexpr std::chrono::milliseconds k_pause_after_failure{50};
constexpr std::size_t k_accepts_in_a_row_max = 64;
constexpr std::chrono::milliseconds k_look_after_pause{2};  // whether accepting goes on

// accept(2): errors of one connection that broke before it was accepted. The next one is not affected.
bool is_of_one_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:  // a firewall's
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ETIMEDOUT: return true;
    default: return false;
  }
}

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
  if (!is_agreed && !socket.failure().sentence.empty()) {
    const auto left_out =
        counters.said_handshake.with([](log::Seldom& said) { return said.is_due(std::chrono::steady_clock::now()); });
    if (left_out) {
      log::info("no TLS with {}: {} ({} since the last such line)", peer.text(), socket.failure().sentence,
                counted(*left_out, "more failure"));
    }
  }
  co_return is_agreed;
}

std::optional<Connection> adopt_connection(EventLoop& home, Descriptor accepted, ConnectionCounters& counters,
                                           ClientLimit& clients) {
  asio::ip::tcp::socket socket(home.context());
  boost::system::error_code error;
  socket.assign(protocol_of(accepted.get()), accepted.get(), error);
  if (error) return std::nullopt;
  static_cast<void>(accepted.release());
  const IpAddress peer = peer_of(socket);
  std::optional<ClientLimit::Place> place = clients.enter(peer);
  if (!place) return std::nullopt;
  return Connection(home, peer, Stream(std::move(socket), nullptr), counters, std::move(*place));
}

TcpListener::TcpListener(EventLoop& loop, Descriptor socket, std::span<const std::unique_ptr<EventLoop>> loops,
                         ConnectionLimits limits, const TlsContext* tls, Serve serve) try
    : loop_(loop),
      protocol_(protocol_of(socket.get())),
      acceptor_(loop.context(), protocol_, socket.get()),
      loops_(loops),
      limits_(limits),
      tls_(tls),
      serve_(std::move(serve)) {
  static_cast<void>(socket.release());
  acceptor_.native_non_blocking(true);  // one that another program bound may wait; accept_one must never
} catch (const boost::system::system_error& error) {
  throw std::system_error(error.code(), "a network loop cannot watch a socket");
}

// A bounded number at a time, so that the loop's own sessions are served in between.
asio::awaitable<void> TcpListener::run() {
  asio::steady_timer pause(loop_.context());
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  while (acceptor_.is_open()) {
    if (is_paused_) {
      pause.expires_after(k_look_after_pause);
      co_await pause.async_wait(done);
      continue;
    }
    co_await acceptor_.async_wait(asio::socket_base::wait_read, done);
    if (is_paused_) continue;
    if (error == asio::error::operation_aborted) co_return;
    bool goes_on = !error;
    for (std::size_t i = 0; goes_on && i < k_accepts_in_a_row_max; ++i) {
      const Accepted accepted = accept_one();
      if (accepted == Accepted::none) break;
      goes_on = accepted != Accepted::failed;
    }
    if (goes_on) continue;
    pause.expires_after(k_pause_after_failure);
    co_await pause.async_wait(done);
  }
}

// accept4 makes a socket that no command inherits; Asio's accept does not.
TcpListener::Accepted TcpListener::accept_one() {
  Descriptor accepted(::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (accepted.get() < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Accepted::none;
    if (is_of_one_connection(errno)) return Accepted::gone;
    tell_of_failure(errno);
    return Accepted::failed;
  }
  EventLoop& home = *loops_[next_loop_++ % loops_.size()];
  asio::ip::tcp::socket socket(home.context());
  boost::system::error_code error;
  socket.assign(protocol_, accepted.get(), error);
  if (error) {  // the loop cannot watch one more
    tell_of_failure(error.value());
    return Accepted::failed;
  }
  static_cast<void>(accepted.release());
  admit(home, std::move(socket));
  return Accepted::one;
}

void TcpListener::tell_of_failure(int error) {
  limits_.counters.not_accepted.fetch_add(1, std::memory_order_relaxed);
  const std::optional<std::uint64_t> left_out = trouble_.is_due(std::chrono::steady_clock::now());
  if (!left_out) return;
  log::error("no TCP connection can be accepted ({} since the last such line): {}",
             counted(*left_out, "more try", "more tries"), std::generic_category().message(error));
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

void TcpListener::pause() {
  is_paused_ = true;
  boost::system::error_code ignored;
  if (acceptor_.is_open()) acceptor_.cancel(ignored);
}

void TcpListener::resume() { is_paused_ = false; }

void TcpListener::close() {
  loop_.post([this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  });
}

}  // namespace rollcall::net
