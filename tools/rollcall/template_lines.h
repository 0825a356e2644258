// Mustache "standalone" lines: a line with only a section tag, a comment or a delimiter change produces no output line.
//
// Shape    pure functions. The Mustache library leaves an empty line for a section that is not rendered. So these
//          functions remove such lines before parsing, and replace line ends by k_line_end while the library renders.
// Threads  any thread.
// Source   the Mustache specification, "standalone" tags.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::cli {

// Replaces a line end. No template and no value may contain it.
inline constexpr char k_line_end = '\x01';

// Removes standalone lines, and replaces line ends by k_line_end.
[[nodiscard]] std::string hide_lines(std::string_view text);
// Restores the line ends in the rendered text.
[[nodiscard]] std::string show_lines(std::string text);

}  // namespace rollcall::cli
