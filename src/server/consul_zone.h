// What the DNS needs to know for Consul's names (answer/consul), from the settings and this host.
//
// Threads  the main one, at start.
#pragma once

#include <memory>

#include "answer/consul/consul_names.h"
#include "ops/settings.h"

namespace rollcall::server {

[[nodiscard]] answer::ConsulSettings consul_settings_of(const ops::Settings& settings);

// The zone to be served beside those of the settings; null: the door is switched off, or they have one of this name.
[[nodiscard]] std::unique_ptr<answer::Zone> consul_zone_of(const ops::Settings& settings,
                                                           const answer::ConsulNames* names);

// Says what is answered under Consul's names.
void log_consul_zone(const ops::Settings& settings);

}  // namespace rollcall::server
