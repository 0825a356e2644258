#include "api/consul/agent/calls.h"
#include "api/consul/door.h"
#include "api/consul/responses.h"
#include "json/writer.h"

namespace rollcall::api::consul {
namespace {

constexpr std::string_view k_revision = "rollcall";

void put_member(json::Writer& out, const rollcall::consul::Identity& self) {
  out.open_object().member("Name", self.node).member("Addr", self.address).member("Port", 8301);
  out.name("Tags").open_object();
  out.member("dc", self.datacenters.front()).member("id", self.node_id).member("role", "consul");
  out.member("build", self.version);
  out.close_object();
  out.member("Status", 1).member("ProtocolMin", 1).member("ProtocolMax", 5).member("ProtocolCur", 2);
  out.member("DelegateMin", 2).member("DelegateMax", 5).member("DelegateCur", 4).close_object();
}

}  // namespace

Routed read_self(const Call& call) {
  const rollcall::consul::Identity& self = parts_of(call).identity;
  json::Writer out(1024);
  out.open_object();
  out.name("Config").open_object();
  out.member("Datacenter", self.datacenters.front()).member("PrimaryDatacenter", self.datacenters.front());
  out.member("NodeName", self.node).member("NodeID", self.node_id).member("Server", true);
  out.member("Revision", k_revision).member("Version", self.version).close_object();
  out.name("DebugConfig").open_object().close_object();
  out.name("Coord").raw("null");
  out.name("Member");
  put_member(out, self);
  out.name("Stats").open_object().close_object();
  out.name("Meta").open_object().close_object();
  out.close_object();
  return json(out.take(), is_pretty(call));
}

}  // namespace rollcall::api::consul
