// Loads the zones of the settings: reads the zone files and checks their rules.
//
// Failure  Errc::start_up with one sentence; for an error in a file it names file and line.
// Threads  any; at start and at a reload, never while answering a query (it reads files).
#pragma once

#include <vector>

#include "answer/zone/zones.h"
#include "base/result.h"
#include "ops/settings.h"

namespace rollcall::ops {

// Returns the zones in the order of the settings. A zone without a configured file is read from `zones/<name>.zone` in
// the working directory. If that does not exist, the default zone is served from the built-in file, which is logged;
// every other zone fails: a misspelt name or directory would otherwise silently lose the zone's static records.
[[nodiscard]] Result<std::vector<answer::Zone>> load_zones(const Settings& settings);

}  // namespace rollcall::ops
