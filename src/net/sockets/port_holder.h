// Which program holds a port, as far as /proc tells: for the sentence of a start that finds its port taken.
//
// Shape    the inode of the socket from /proc/net/{tcp,tcp6,udp,udp6}, then the process that has it among /proc/PID/fd. Other
//          users' processes show their descriptors to root alone.
// Failure  empty: nobody is found, or nothing may be read.
// Threads  any. It reads much of /proc: for a start that fails only.
// Source   proc_net(5), proc_pid_fd(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"

namespace rollcall::net {

enum class Transport : std::uint8_t { tcp, udp };

// As "consul (process 4711)".
[[nodiscard]] std::optional<std::string> find_port_holder(const IpEndpoint& endpoint, Transport transport);

}  // namespace rollcall::net
