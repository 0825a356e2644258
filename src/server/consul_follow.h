// `[consul] follow`: makes what keeps this roll in step with a Consul.
//
// Threads  main, at start.
// Failure  Errc::start_up with a sentence that names the setting.
#pragma once

#include <memory>

#include "api/consul/door.h"
#include "json/writer.h"
#include "net/follow/consul_follower.h"
#include "ops/settings.h"

namespace rollcall::server {

// What a follower works with. Borrowed for its life.
struct FollowParts {
  const api::consul::ConsulDoor& door;
  const registry::Registry& registry;
  const registry::ZoneDirectory& zones;
  registry::Waiters& waiters;
  registry::Writer& writer;
  const registry::TimeSource& clock;
};

// Null: no Consul is followed.
[[nodiscard]] Result<std::unique_ptr<net::ConsulFollower>> make_follower(const ops::ConsulSettings& settings,
                                                                         const FollowParts& parts);

// The value of `follow` in /v1/status.
void write_follow_status(json::Writer& json, const net::FollowStatus& status);

}  // namespace rollcall::server
