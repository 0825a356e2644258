// What the sockets are told of the settings: at the start, and again at each reload.
//
// Threads  that of the caller. The files of certificates and the names of the machine are read anew by each call.
#pragma once

#include "base/result.h"
#include "net/http/known_hosts.h"
#include "net/server.h"
#include "ops/settings.h"

namespace rollcall::server {

[[nodiscard]] net::Certificates certificates_of(const ops::Settings& settings);

// Checks at start that the certificate files of all configured TLS listeners can be loaded.
[[nodiscard]] Result<void> check_certificates(const ops::Settings& settings);

// The names that requests may have in Host: those of the settings, of this machine and of its certificate.
[[nodiscard]] net::HostRules hosts_of(const ops::Settings& settings);

}  // namespace rollcall::server
