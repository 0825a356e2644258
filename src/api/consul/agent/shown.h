// JSON of services and checks as the calls below /v1/agent/ show them.
//
// Threads  inside the router's ReadLock.
// Source   docs/consul.md.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/consul/agent/holder.h"
#include "consul/identity.h"
#include "consul/seen.h"
#include "json/writer.h"

namespace rollcall::api::consul {

// Every instance that the caller may see of what an agent holds, with the id it has there. Our own node's come with those of
// the other APIs: one whose id several have is called `<service>/<id>`.
void for_each_of(const Call& call, const Agent& agent,
                 const std::function<void(const registry::Instance&, const rollcall::consul::Seen&)>& visit);

// The same of one that was found by this id.
[[nodiscard]] rollcall::consul::Seen see_as(const registry::Instance& instance, std::string_view id,
                                            registry::LeaseTime now);

void put_service(json::Writer& out, const rollcall::consul::Identity& identity, const registry::Instance& instance,
                 const rollcall::consul::Seen& seen);
// With its ContentHash: the same as long as what is shown is.
[[nodiscard]] std::string service_with_hash(const rollcall::consul::Identity& identity,
                                            const registry::Instance& instance, const rollcall::consul::Seen& seen,
                                            std::string& hash);
void put_check(json::Writer& out, const Call& call, const registry::Instance& instance,
               const rollcall::consul::Seen& seen, const rollcall::consul::SeenCheck& check);

}  // namespace rollcall::api::consul
