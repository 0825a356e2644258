// Why no TLS was agreed on with a server, or why the server broke it off: what to change, and where.
//
// Threads  any; clears OpenSSL's queue of errors of the calling thread.
#pragma once

#include <boost/system/error_code.hpp>
#include <openssl/ssl.h>
#include <optional>
#include <string>

namespace rollcall::client {

// After a handshake that failed. `host`: as the URL names it.
[[nodiscard]] std::string why_no_tls(const boost::system::error_code& error, const SSL* connection,
                                     const std::string& host);

// What the server has said by an alert after the handshake, as TLS 1.3 does about client certificates; empty: it is no alert.
[[nodiscard]] std::optional<std::string> refused_by_alert(const boost::system::error_code& error);

}  // namespace rollcall::client
