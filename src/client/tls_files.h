// The certificates and keys of the HTTP client, loaded into its TLS context.
//
// Owner    the caller owns the context.
// Threads  one; reads files.
// Failure  Errc::invalid, with a message that names the file.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "base/result.h"
#include "client/http_client.h"

namespace rollcall::client {

// Loads the system's CA certificates (about 140) for https only: that takes longer than an HTTP call.
[[nodiscard]] Result<void> load_tls_files(boost::asio::ssl::context& tls, const HttpSettings& settings,
                                          bool is_for_https);

}  // namespace rollcall::client
