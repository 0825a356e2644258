// The program's version, for `--version` and `/v1/status`. CMakeLists.txt and packages take theirs from here.
#pragma once

#include <string_view>

namespace rollcall::ops {

inline constexpr std::string_view k_version = "0.1.0";

}  // namespace rollcall::ops
