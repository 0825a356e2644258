// The octets of one connection, plain or inside TLS: sessions read and write it without asking which.
//
// Shape    Asio's AsyncReadStream and AsyncWriteStream; a plain one hands every call on to its socket.
// Owner    owns the socket, and TLS's state where there is one.
// Threads  its loop's. One read and one write at a time.
// Source   RFC 8446 §6.1 (close_notify).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/caller.h"
#include "net/sockets/handshake_failure.h"
#include "net/sockets/tls_context.h"

namespace rollcall::net {

class Stream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = boost::asio::any_io_executor;

  // `context`: null for a plain stream.
  Stream(Socket socket, TlsContext::Shared context);

  executor_type get_executor() { return socket().get_executor(); }
  [[nodiscard]] bool is_encrypted() const { return tls_ != nullptr; }
  // Before the handshake of a client: which server is meant (SNI, RFC 6066 §3). Nothing where the host is an address.
  void name_server(const std::string& host);
  // After the handshake: what the client's certificate says (client_certificate.h).
  [[nodiscard]] api::CertificateIdentity client_identity() const;

  // Once, before anything else. A plain stream has nothing to agree on. False: the peer speaks no TLS that we do.
  boost::asio::awaitable<bool> handshake(
      boost::asio::ssl::stream_base::handshake_type side = boost::asio::ssl::stream_base::server);
  // Why the handshake failed (handshake_failure.h).
  [[nodiscard]] const HandshakeFailure& failure() const { return failure_; }
  // Says that nothing more will be written, and over TLS waits for the peer to say so too: a deadline is the caller's.
  // No read or write goes on meanwhile.
  boost::asio::awaitable<void> shut_down();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
    return plain_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
    return plain_.async_write_some(buffers, std::forward<Token>(token));
  }
  // What the socket takes at once; would_block where that is nothing, and always over TLS, whose records are written
  // whole.
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    if (!tls_) return plain_.write_some(buffers, error);
    error = boost::asio::error::would_block;
    return 0;
  }

  // Octets that the peer has acknowledged (acknowledged.h).
  [[nodiscard]] std::uint64_t acknowledged() const;
  // How many octets the system may keep for the peer; it takes twice that.
  void bound_send_buffer(int octets);

  // Ends what goes on, reads and writes, with an error; the connection may still be shut down.
  void cancel();
  void close();
  [[nodiscard]] bool is_open() const { return socket().is_open(); }
  [[nodiscard]] Socket& socket() { return tls_ ? tls_->next_layer() : plain_; }
  [[nodiscard]] const Socket& socket() const { return tls_ ? tls_->next_layer() : plain_; }

 private:
  using Tls = boost::asio::ssl::stream<Socket>;

  Socket plain_;                // moved from where there is TLS
  TlsContext::Shared context_;  // a reload does not take it away
  std::unique_ptr<Tls> tls_;
  HandshakeFailure failure_;
};

}  // namespace rollcall::net
