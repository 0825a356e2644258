#include "server/consul_identity.h"

#include <string>

#include "net/sockets/own_address.h"
#include "ops/version.h"

namespace rollcall::server {
namespace {

// An address of RFC 5737: nothing is sent to it, only the kernel's choice of a source is asked for.
constexpr std::string_view k_elsewhere = "192.0.2.1:53";

std::string address_of(const ops::Settings& settings) {
  if (!settings.consul.address.empty()) return settings.consul.address;
  for (const IpEndpoint& listener : settings.http_listen) {
    if (listener.address.is_loopback()) continue;
    if (!listener.address.is_unspecified()) return listener.address.text();
    if (const auto own = net::own_address_towards(k_elsewhere)) return own->text();
  }
  return "127.0.0.1";
}

}  // namespace

consul::Identity consul_identity_of(const ops::Settings& settings) {
  consul::Identity identity;
  identity.node = settings.consul.node;
  identity.node_id = consul::node_id_of(identity.node);
  identity.address = address_of(settings);
  identity.domain = settings.consul.domain;
  identity.version = std::string(ops::k_version);
  for (const ops::ZoneSettings& zone : settings.zones) identity.datacenters.push_back(zone.name.text_without_dot());
  if (!identity.datacenters.empty()) identity.datacenters.front() = settings.consul.datacenter;
  return identity;
}

}  // namespace rollcall::server
