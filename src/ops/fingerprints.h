// Fingerprints of settings and zones, by which nodes of a cluster see that they differ.
//
// Shape    12 hexadecimal digits, the beginning of a SHA-256. Only for comparison between equal versions.
// Threads  any; pure.
#pragma once

#include <span>
#include <string>

#include "answer/zone/zones.h"
#include "ops/settings.h"

namespace rollcall::ops {

// Of what changes answers or promises: lease bounds, `forget_service_after`, the policies of zones, service rules. Not of
// addresses, limits, tokens, or anything else that nodes may differ in.
[[nodiscard]] std::string settings_hash(const Settings& settings);

// Of the records in the zone files, in any order; the case of owners does not matter.
[[nodiscard]] std::string zones_hash(std::span<const answer::Zone> zones);

}  // namespace rollcall::ops
