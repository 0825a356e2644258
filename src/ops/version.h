// The version this program calls itself by: `--version`, `/v1/status`. The same as the project's in CMakeLists.txt.
#pragma once

#include <string_view>

namespace rollcall::ops {

inline constexpr std::string_view k_version = "0.1.0";

}  // namespace rollcall::ops
