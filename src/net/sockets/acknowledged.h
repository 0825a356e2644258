// Counts octets acknowledged by the TCP peer: shows whether a slow reader still makes progress.
//
// Shape    octets the peer's system has acknowledged since the connection began. A write that waits says nothing of it:
//          what lies in the socket's own buffer is megabytes, and it is filled again only when a third of it is free.
// Threads  any.
// Source   tcp(7), TCP_INFO; RFC 4898 tcpEStatsAppHCThruOctetsAcked.
#pragma once

#include <cstdint>

namespace rollcall::net {

// 0 where the system does not say: a deadline counts no progress then.
[[nodiscard]] std::uint64_t acknowledged_bytes(int socket) noexcept;

}  // namespace rollcall::net
