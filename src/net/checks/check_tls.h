// TLS of health checks: as a client, that proves nothing of itself.
//
// Threads  the loop's; what is shared is made once.
// Source   docs/checks.md.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/ip_address.h"
#include "health/plan.h"

namespace rollcall::net {

using CheckTls = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

// Shared by all runs, made at the first that needs it: who signs is read from the system's list.
[[nodiscard]] boost::asio::ssl::context& check_tls_context(bool skips_verify);

// The name that is asked for, and which certificate is right: that of the check's own name, of its address, or of the endpoint.
// `speaks_http2`: it is offered (ALPN), and nothing else.
void prepare_check_tls(CheckTls& tls, const health::Check& check, const IpEndpoint& endpoint, bool speaks_http2);

}  // namespace rollcall::net
