// Who this server says it is to clients of Consul's API (consul/identity.h), from the settings and this host.
//
// Threads  the main one, at start.
#pragma once

#include "consul/identity.h"
#include "ops/settings.h"

namespace rollcall::server {

// The address where the settings give none: that of an HTTP listener; where it listens on all of them, the one this host
// sends from; else 127.0.0.1.
[[nodiscard]] consul::Identity consul_identity_of(const ops::Settings& settings);

}  // namespace rollcall::server
