#include "api/consul/status.h"

#include <string>

#include "api/consul/door.h"
#include "api/consul/responses.h"
#include "json/writer.h"

namespace rollcall::api::consul {
namespace {

// Clients only want to see that there is one: the port of Consul's servers among themselves, where nobody listens here.
std::string leader_of(const Call& call) {
  const std::string& address = parts_of(call).identity.address;
  const bool is_v6 = address.contains(':');
  return is_v6 ? "[" + address + "]:8300" : address + ":8300";
}

}  // namespace

Routed read_leader(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  return json(json::Writer().value(leader_of(call)).take(), is_pretty(call));
}

Routed list_peers(const Call& call) {
  const auto zone = zone_of(call);
  if (!zone) return zone.error();
  return json(json::Writer().open_array().value(leader_of(call)).close_array().take(), is_pretty(call));
}

}  // namespace rollcall::api::consul
