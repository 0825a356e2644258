// Numbers that a service manager passes in environment variables.
//
// Threads  main, at start: getenv.
#pragma once

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace rollcall::net {

// Empty where the variable is not set, or holds anything but one number in the range of the type.
template <class Number>
[[nodiscard]] std::optional<Number> number_in_environment(const char* variable) {
  const char* const set = std::getenv(variable);
  if (set == nullptr) return std::nullopt;
  const std::string_view text = set;
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace rollcall::net
