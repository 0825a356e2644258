// A zone file cut into entries: one record or one directive each, comments gone, parentheses resolved.
//
// Shape    tokens are views of the text, raw: quotes and escapes as written. A quoted string is one token, or the end
//          of one (`alpn="h2,h3"`). No word here knows a type or a name.
// Owner    borrows the text.
// Failure  SyntaxError: the line where it begins, and a sentence.
// Source   RFC 1035 §5.1.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::dns {

struct ZoneEntry {
  std::size_t line = 0;                  // of its first token, from 1
  bool starts_blank = false;             // begins with white space: the owner is that of the entry before
  std::vector<std::string_view> tokens;  // at least one
};

struct SyntaxError {
  std::size_t line;
  std::string sentence;
};

class ZoneText {
 public:
  explicit ZoneText(std::string_view text) : text_(text) {}

  // The next entry; empty at the end of the text.
  [[nodiscard]] std::expected<std::optional<ZoneEntry>, SyntaxError> next();

 private:
  [[nodiscard]] std::expected<std::string_view, SyntaxError> take_token();
  void skip_comment();
  void end_line();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;  // offset of the current line
};

// Without the quotes around it, when it has them.
[[nodiscard]] std::string_view unquoted(std::string_view token);

}  // namespace rollcall::dns
