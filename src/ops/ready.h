// The message printed when the server is ready: example commands to register an instance, and to look up its address
// and port.
//
// Threads  any; pure.
// Source   interface.md §1.
#pragma once

#include <string>

#include "base/ip_address.h"
#include "dns/name.h"
#include "registry/instance/registration.h"
#include "registry/registry.h"

namespace rollcall::ops {

// Three shell commands, one per line, that work unchanged in another shell on this machine. `dns` and `http` are the
// bound endpoints (never port 0); a wildcard address is replaced by the loopback address. The example lease is five
// minutes, or the nearest value within the bounds.
[[nodiscard]] std::string ready_message(const IpEndpoint& dns, const IpEndpoint& http, const dns::Name& zone,
                                        const registry::LeaseBounds& bounds = {});

// The one line a service manager shows: what is on the roll.
[[nodiscard]] std::string state_sentence(const registry::Counts& counts);

}  // namespace rollcall::ops
