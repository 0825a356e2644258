// The address of this host from which it reaches another one: what the kernel would send from. Sends nothing.
//
// Threads  the calling one waits for the look-up of a host name.
// Failure  Errc::unreachable, one sentence.
// Source   connect(2) of a datagram socket.
#pragma once

#include <string>

#include "base/ip_address.h"
#include "base/result.h"

namespace rollcall::net {

// `host_and_port`: "etcd-1:2379", "192.0.2.1:2379", "[2001:db8::1]:2379", with or without "http://" or "https://" before it.
[[nodiscard]] Result<IpAddress> own_address_towards(std::string_view host_and_port);

}  // namespace rollcall::net
