// Parses comma-separated lists, as in environment variables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall::client {

// Removes the spaces around each part. Keeps empty parts: "a,,b" has three.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

}  // namespace rollcall::client
