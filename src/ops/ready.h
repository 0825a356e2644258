// What a person who has just started the server can paste: register something, look its address up, look its port up.
//
// Source   interface.md §1.
#pragma once

#include <string>

#include "base/ip_address.h"
#include "dns/name.h"
#include "registry/instance/registration.h"

namespace rollcall::ops {

// Three shell commands, a line each, that work as they stand from another shell of this machine. The endpoints are the
// ones really bound (never port 0); one that listens everywhere is called by its loopback address. The lease of the
// example is five minutes, or as near to that as the bounds allow.
[[nodiscard]] std::string ready_message(const IpEndpoint& dns, const IpEndpoint& http, const dns::Name& zone,
                                        const registry::LeaseBounds& bounds = {});

}  // namespace rollcall::ops
