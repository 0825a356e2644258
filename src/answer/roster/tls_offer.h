// What an instance says it speaks over TLS: the `alpn` of its meta, "h2,http/1.1".
//
// Rule     only who says so has SVCB and HTTPS records. A browser that finds an HTTPS record turns http:// links of the name
//          into https:// (RFC 9460 §9.5), which breaks a service that has never spoken of TLS.
// Protocol what needs TCP (h2, http/1.1) is nothing a udp instance can offer, whatever it says; h2c is not over TLS.
// Threads  under the ReadLock that holds the instance.
#pragma once

#include <string>

#include "dns/types.h"
#include "registry/instance/instance.h"

namespace rollcall::answer {

// Whether the instance has a record of the type, SVCB or HTTPS: any ALPN id for SVCB, one of HTTP for HTTPS.
[[nodiscard]] bool offers_tls(const registry::Instance& instance, dns::Type type);

// The ids, each behind its length (RFC 9460 §7.1.1).
[[nodiscard]] std::string alpn_value(const registry::Instance& instance);

}  // namespace rollcall::answer
