// The names in a client's certificate.
//
// Threads  the connection's.
// Source   RFC 5280 §4.2.1.6 (SAN); RFC 6125 §6.4.4: the common name counts only where there is no other.
#pragma once

#include <openssl/ssl.h>
#include <string>
#include <vector>

namespace rollcall::net {

// After the handshake. DNS names and URIs of the subject alternative names, else the common name: printable ASCII
// without spaces, at most k_certificate_names_max of them; others are left out. Empty too without a certificate, or with
// one that has not been verified.
[[nodiscard]] std::vector<std::string> names_of_client(const SSL* connection);

}  // namespace rollcall::net
