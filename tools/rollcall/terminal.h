// Terminal output: colours, and removal of control characters from untrusted text (terminal escape injection).
#pragma once

#include <string>
#include <string_view>

namespace rollcall::cli {

// Whether to colour what goes to this descriptor; `when` is auto, always or never (https://no-color.org).
[[nodiscard]] bool wants_color(std::string_view when, int descriptor);

enum class Color { plain, bold, dim, red, green, yellow, blue };

// `text` in the colour, or as it is.
[[nodiscard]] std::string colored(bool wanted, Color color, std::string_view text);

// Makes untrusted text (ids, meta, details) safe to print: replaces control characters by U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

// The columns that a text takes on a terminal: its characters, without the escapes of colored().
[[nodiscard]] std::size_t columns_of(std::string_view text);

}  // namespace rollcall::cli
