// Which agent a call is about, and which instance an id of it is.
//
// Each host that calls is an agent of its own: ids are unique in it. Calls from this machine (127.0.0.0/8, ::1, the address of
// our node) are about our own node's registrations, and those of the native API; `?node=` names another one.
//
// Threads  inside the router's ReadLock.
// Source   docs/consul.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/door.h"
#include "registry/instance/instance.h"

namespace rollcall::api::consul {

struct Agent {
  registry::ZoneId zone{};
  std::string host;  // empty: our own node (consul/names.h, roll_id)
};

// The zone has been read from `?dc=` already.
[[nodiscard]] Agent agent_of(const Call& call, registry::ZoneId zone);

// Null: no instance has this id, or several of the native API have it. `<service>/<id>` tells those apart.
[[nodiscard]] const registry::Instance* find_service(const Call& call, const Agent& agent, std::string_view id);

// The instance that has the check. Of one of the native API this is `service:<id>`.
[[nodiscard]] const registry::Instance* find_check(const Call& call, const Agent& agent, std::string_view check);

}  // namespace rollcall::api::consul
