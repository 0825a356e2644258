// One look-up of a service in the DNS: its SRV records, then the addresses of the SRV targets.
//
// Shape    queries SRV over UDP. If many targets have no address in the additional section (more than
//          k_client_targets_over_tcp: they did not fit into the datagram), repeats the query over TCP. Then queries A
//          and AAAA for each target that still has no address.
// Owner    the look-up owns itself (shared_ptr in its callbacks) until it calls back or the Upstreams are destroyed.
// Threads  the thread of the Upstreams.
// Failure  a Found with status `unreachable` and a message.
// Source   RFC 2782.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "client/upstreams.h"
#include "rollcall/resolver.h"

namespace rollcall::client {

struct Found {
  Status status = Status::unreachable;
  std::vector<Endpoint> endpoints = {};
  std::chrono::milliseconds ttl{0};
  std::string message = {};  // the reason, if the status is not `found`
};

void look_up(Upstreams& upstreams, const dns::Name& name, std::function<void(Found)> done);

}  // namespace rollcall::client
