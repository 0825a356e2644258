#include "net/sockets/stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/ip_address.h"
#include "net/sockets/acknowledged.h"
#include "net/sockets/client_certificate.h"

namespace rollcall::net {

namespace asio = boost::asio;

Stream::Stream(Socket socket, TlsContext::Shared context) : plain_(std::move(socket)), context_(std::move(context)) {
  if (context_) tls_ = std::make_unique<Tls>(std::move(plain_), *context_);
}

asio::awaitable<bool> Stream::handshake(asio::ssl::stream_base::handshake_type side) {
  if (!tls_) co_return true;
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  co_await tls_->async_handshake(side, done);
  if (error) {
    const bool is_server = side == asio::ssl::stream_base::server;
    failure_ = (is_server ? why_client_failed : why_server_failed)(error, tls_->native_handle());
  }
  co_return !error;
}

void Stream::name_server(const std::string& host) {
  if (tls_ && !IpAddress::parse(host)) SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
}

api::CertificateIdentity Stream::client_identity() const {
  return tls_ ? identity_of_client(tls_->native_handle()) : api::CertificateIdentity();
}

asio::awaitable<void> Stream::shut_down() {
  boost::system::error_code error;
  if (tls_) {
    auto done = asio::redirect_error(asio::use_awaitable, error);
    co_await tls_->async_shutdown(done);
  }
  if (is_open()) socket().shutdown(asio::socket_base::shutdown_send, error);
}

std::uint64_t Stream::acknowledged() const { return acknowledged_bytes(const_cast<Socket&>(socket()).native_handle()); }

void Stream::bound_send_buffer(int octets) {
  boost::system::error_code ignored;
  socket().set_option(asio::socket_base::send_buffer_size(octets), ignored);
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
