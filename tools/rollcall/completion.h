// Generates shell completion scripts (bash, zsh, fish) from the same declarations as --help.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::cli {

// `shell` is bash, zsh or fish.
[[nodiscard]] std::string completion_for(std::string_view shell);

}  // namespace rollcall::cli
