// Lines of a template that hold nothing but a section's tag, a comment or new delimiters: they make no line of output.
//
// Shape    pure. The library behind TemplateText leaves an empty line for a section that is not entered, so such lines are
//          taken out before it sees them, and line ends are hidden from it while it renders.
// Source   the Mustache specification, "standalone" tags.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::cli {

// Stands for a line end. No template and no value may contain it.
inline constexpr char k_line_end = '\x01';

// The template without such lines, and with its line ends hidden.
[[nodiscard]] std::string hide_lines(std::string_view text);
// What was rendered from it, with its line ends.
[[nodiscard]] std::string show_lines(std::string text);

}  // namespace rollcall::cli
