// Warns of files that hold secrets and can be read by users who do not need them: the settings file, where secrets stand in it,
// and the files that settings name.
//
// Rule     base/file_access.h. Credentials that the service manager hands over are its own affair, and not looked at.
// Threads  main, at start, at --check and at SIGHUP.
// Source   docs/security.md.
#pragma once

#include <string>
#include <vector>

#include "ops/settings.h"

namespace rollcall::ops {

// One sentence for each such file, with the key that names it.
[[nodiscard]] std::vector<std::string> exposed_files(const Settings& settings);

// Writes them to the log.
void warn_of_exposed_files(const Settings& settings);

}  // namespace rollcall::ops
