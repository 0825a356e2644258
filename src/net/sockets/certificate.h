// The files of a TLS certificate and its key.
//
// Failure  Errc::start_up with a sentence that names the file.
// Threads  any.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace rollcall::net {

// PEM: the certificate with its chain, its own first, and the private key. Both empty: no TLS. `client_ca`: the
// authorities that may sign client certificates; empty: clients are not asked for one.
struct CertificateFiles {
  std::string certificate;
  std::string key;
  std::string client_ca = {};
  bool needs_client_certificate = false;  // a client without one gets no connection
  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

// Whether they can be used.
[[nodiscard]] Result<void> check_certificate(const CertificateFiles& files);

// The DNS names of the first certificate in the file; none where it cannot be read.
[[nodiscard]] std::vector<std::string> names_in_certificate(const std::string& file);

}  // namespace rollcall::net
