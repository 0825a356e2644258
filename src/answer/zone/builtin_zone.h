// The shipped zone file as it was when the program was built, for where it is not installed.
//
// Shape    the text of zones/svc.internal.zone. Its names are relative: parse_zone with any apex reads it.
// Owner    static storage.
#pragma once

#include <string_view>

namespace rollcall::answer {

[[nodiscard]] std::string_view builtin_zone_text();

}  // namespace rollcall::answer
