// Counts in sentences, with the grammar of their noun: "1 instance", "2 instances", "0 instances".
#pragma once

#include <concepts>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace rollcall {

// `many`: where an s does not make the plural.
[[nodiscard]] std::string counted(std::integral auto count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}
[[nodiscard]] std::string counted(std::integral auto count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

}  // namespace rollcall
