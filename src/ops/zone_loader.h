// From the settings' zones to zones that can be served: files read, rules checked.
//
// Failure  Errc::start_up with one sentence; where a file is at fault it names file and line.
// Threads  any; at start and at a reload, never on the way of a query.
#pragma once

#include <vector>

#include "answer/zone/zones.h"
#include "base/result.h"
#include "ops/settings.h"

namespace rollcall::ops {

// In the order of the settings. A zone without a named file has `zones/<name>.zone` in the working directory, or else,
// for any zone, the built-in file, whose names are relative.
[[nodiscard]] Result<std::vector<answer::Zone>> load_zones(const Settings& settings);

}  // namespace rollcall::ops
