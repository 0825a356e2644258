// One look-up of a service: its SRV records, and the addresses of their targets.
//
// Shape    asks for SRV; where more than a few targets come without an address (a datagram has no room for them), for
//          the same again over TCP; for what is missing still, by name.
// Owner    itself: it lives until it has called back, or the Upstreams end.
// Threads  the Upstreams'.
// Failure  a Found with `unreachable`, and a sentence.
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
  std::string message = {};  // a sentence where the status is not `found`
};

void look_up(Upstreams& upstreams, const dns::Name& name, std::function<void(Found)> done);

}  // namespace rollcall::client
