// A string as JSON, for texts that are written by hand: no library, no value in between.
//
// Shape    appends to `out`, whose memory is meant to be used again.
// Source   RFC 8259 §7: quotation mark, reverse solidus and control characters must be escaped, nothing else has to be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rollcall {

inline void append_json_escape(char c, std::string& out) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += k_digits[byte >> 4];
  out += k_digits[byte & 0xf];
}

inline void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) continue;
    out.append(text, plain, i - plain);
    append_json_escape(c, out);
    plain = i + 1;
  }
  out.append(text, plain);
  out += '"';
}

}  // namespace rollcall
