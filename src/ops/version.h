// The program's version, for `--version` and `/v1/status`. Must equal the project version in CMakeLists.txt.
#pragma once

#include <string_view>

namespace rollcall::ops {

inline constexpr std::string_view k_version = "0.1.0";

}  // namespace rollcall::ops
