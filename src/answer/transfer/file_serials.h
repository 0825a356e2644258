// Whether zone files may take the place of others in a cluster, where a zone's serial is its file's plus a count that every
// node has: a file that changes must have a newer serial, or secondaries would not see the change.
#pragma once

#include <span>

#include "answer/zone/zones.h"
#include "base/result.h"

namespace rollcall::answer {

// `wanted`: the same zones in the same order. Errc::invalid names the first zone whose records have changed without a
// newer serial (RFC 1982), or whose serial has gone back. Under a ReadLock.
[[nodiscard]] Result<void> check_file_serials(const ZoneTable& present, std::span<const Zone> wanted);

}  // namespace rollcall::answer
