// The names in a client's certificate, and when it expires.
//
// Threads  the connection's.
// Source   RFC 5280 §4.2.1.6 (SAN); RFC 6125 §6.4.4: the common name counts only where there is no other.
#pragma once

#include <chrono>
#include <openssl/ssl.h>

#include "api/caller.h"

namespace rollcall::net {

// After the handshake. Names: DNS names and URIs of the subject alternative names, else the common name: printable ASCII
// without spaces, at most k_certificate_names_max of them; others are left out. None too without a certificate, or with
// one that has not been verified. A session that is resumed has the certificate of its first handshake.
[[nodiscard]] api::CertificateIdentity identity_of_client(const SSL* connection);

// When its validity ends; the epoch where that cannot be read.
[[nodiscard]] std::chrono::system_clock::time_point end_of(const X509* certificate);

}  // namespace rollcall::net
