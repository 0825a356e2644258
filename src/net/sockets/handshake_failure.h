// Why a TLS handshake failed: OpenSSL's words name what its parser met; these say what the peer does, and which setting matters.
//
// Threads  any; clears OpenSSL's queue of errors of the calling thread.
#pragma once

#include <boost/system/error_code.hpp>
#include <openssl/ssl.h>
#include <string>

namespace rollcall::net {

struct HandshakeFailure {
  std::string sentence = {};   // with "it" for the peer; empty: it has only gone, or never spoke
  bool is_plain_http = false;  // it may read an answer without TLS
};

// As the server of the connection, and as its client.
[[nodiscard]] HandshakeFailure why_client_failed(const boost::system::error_code& error, const SSL* connection);
[[nodiscard]] HandshakeFailure why_server_failed(const boost::system::error_code& error, const SSL* connection);

}  // namespace rollcall::net
