// Text from outside, on its way to a line that people and programs read.
//
// Shape    pure. UTF-8 is read as RFC 3629 §4 has it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rollcall {

// Length of the UTF-8 sequence at the front of `text`, which is not empty; zero when it is not well-formed.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Whether a character (well-formed) could do more than stand in its line: end it (controls of ASCII and Latin-1, U+2028,
// U+2029), move a terminal's cursor, or turn the direction of what follows (U+202A-U+202E, U+2066-U+2069).
[[nodiscard]] bool is_control(std::string_view character);

// Whether all of it is printable ASCII: most lines are.
[[nodiscard]] bool is_plain(std::string_view text);

// For a line between quotes, as printable ASCII: \" and \\ for quotes and backslashes, \xNN for every other octet that is
// not printable. The text can neither end the line nor its quotes.
[[nodiscard]] std::string escape(std::string_view text);

}  // namespace rollcall
