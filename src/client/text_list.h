// Texts between commas, as the environment has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall::client {

// Without the spaces around each; an empty one is one, too.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

}  // namespace rollcall::client
