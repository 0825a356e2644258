#include "server/consul_zone.h"

#include <algorithm>
#include <optional>

#include "answer/zone/reverse_names.h"
#include "base/log.h"
#include "consul/identity.h"
#include "server/consul_identity.h"

namespace rollcall::server {
namespace {

dns::Name domain_of(const ops::Settings& settings) {
  return dns::Name::parse(settings.consul.domain).value_or(dns::Name());  // whoever reads settings has refused others
}

bool is_served(const ops::Settings& settings, const dns::Name& domain) {
  return std::ranges::find(settings.zones, domain, &ops::ZoneSettings::name) != settings.zones.end();
}

}  // namespace

answer::ConsulSettings consul_settings_of(const ops::Settings& settings) {
  const consul::Identity identity = consul_identity_of(settings);
  answer::ConsulSettings wanted{.domain = domain_of(settings),
                                .node = identity.node,
                                .node_address = answer::ConsulAddress::parse(identity.address),
                                .datacenters = {},
                                .only_passing = settings.consul.only_passing};
  for (std::size_t i = 0; i < settings.zones.size(); ++i) {
    const bool is_reverse = answer::is_reverse(settings.zones[i].name);
    wanted.datacenters.push_back(is_reverse ? std::nullopt : dns::Name::parse(identity.datacenters[i]));
  }
  return wanted;
}

std::unique_ptr<answer::Zone> consul_zone_of(const ops::Settings& settings, const answer::ConsulNames* names) {
  const dns::Name domain = domain_of(settings);
  if (!settings.consul.enabled || domain.is_root() || is_served(settings, domain)) return nullptr;
  return answer::make_consul_zone(consul_settings_of(settings), names);
}

void log_consul_zone(const ops::Settings& settings) {
  if (!settings.consul.enabled) return;
  if (is_served(settings, domain_of(settings))) {
    log::warn("the zone {} of the settings is served: Consul's names are not answered in it", settings.consul.domain);
  }
}

}  // namespace rollcall::server
