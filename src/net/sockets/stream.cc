#include "net/sockets/stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/sockets/client_certificate.h"

namespace rollcall::net {

namespace asio = boost::asio;

Stream::Stream(Socket socket, TlsContext::Shared context) : plain_(std::move(socket)), context_(std::move(context)) {
  if (context_) tls_ = std::make_unique<Tls>(std::move(plain_), *context_);
}

asio::awaitable<bool> Stream::handshake() {
  if (!tls_) co_return true;
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  co_await tls_->async_handshake(asio::ssl::stream_base::server, done);
  co_return !error;
}

std::vector<std::string> Stream::client_names() const {
  return tls_ ? names_of_client(tls_->native_handle()) : std::vector<std::string>();
}

asio::awaitable<void> Stream::shut_down() {
  boost::system::error_code error;
  if (tls_) {
    auto done = asio::redirect_error(asio::use_awaitable, error);
    co_await tls_->async_shutdown(done);
  }
  if (is_open()) socket().shutdown(asio::socket_base::shutdown_send, error);
}

void Stream::cancel() {
  boost::system::error_code ignored;
  socket().cancel(ignored);
}

void Stream::close() {
  boost::system::error_code ignored;
  socket().close(ignored);
}

}  // namespace rollcall::net
